import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { notebookOf, run, textOf } from './fixtures/runner.js';

const CHILDREN = 'import { execSync, spawnSync } from "node:child_process"; import fs from "node:fs";\n';

describe('what is written to the descriptors 1 and 2', () => {
  it('reaches its cell, in order with what the cell prints', async (t) => {
    const { code, stderr, notebook } = await run(
      t,
      notebookOf([
        `${CHILDREN}console.log("a"); execSync("echo b; echo c >&2", { stdio: "inherit" }); console.log("d"); fs.writeSync(1, "e\\n"); console.log("f");
fs.writeSync(2, "g\\n"); console.error("h"); spawnSync("sh", ["-c", "echo i > /dev/stdout"], { stdio: "inherit" }); console.log("j");`,
        'fs.writeSync(1, "second\\n");',
      ]),
    );
    assert.equal(code, 0, stderr);
    assert.equal(textOf(notebook?.cells[0]), 'a\nb\nd\ne\nf\ni\nj\n');
    assert.equal(textOf(notebook?.cells[0], 'stderr'), 'c\ng\nh\n');
    assert.equal(textOf(notebook?.cells[1]), 'second\n');
  });

  it('is kept by %%capture, in order with what the cell prints', async (t) => {
    const captured = `%%capture kept
${CHILDREN}console.log("a"); execSync("echo b; echo c >&2", { stdio: "inherit" }); console.error("d"); fs.writeSync(1, "e\\n"); console.log("f");`;
    const { code, stderr, notebook } = await run(
      t,
      notebookOf([captured, 'console.log(JSON.stringify([kept.stdout, kept.stderr])); fs.writeSync(1, "shown\\n");']),
    );
    assert.equal(code, 0, stderr);
    assert.deepEqual(notebook?.cells[0]?.outputs, []);
    assert.equal(textOf(notebook?.cells[1]), '["a\\nb\\ne\\nf\\n","c\\nd\\n"]\nshown\n');
  });

  it('may be cut within a character', async (t) => {
    const source = `${CHILDREN}const bytes = Buffer.from("é€😀\\n");
for (const byte of bytes) { fs.writeSync(1, Buffer.of(byte)); await new Promise((resolve) => setTimeout(resolve, 5)); }
for (const byte of bytes) { process.stdout.write(Buffer.of(byte)); await new Promise((resolve) => setTimeout(resolve, 5)); }`;
    const { notebook } = await run(t, notebookOf([source]));
    assert.equal(textOf(notebook?.cells[0]), 'é€😀\né€😀\n');
  });

  it('may be large', async (t) => {
    const source = `${CHILDREN}execSync("head -c 50000000 /dev/zero | tr '\\\\0' x", { stdio: "inherit" });
spawnSync(process.execPath, ["-e", "process.stdout.write('y'.repeat(5e7))"], { stdio: "inherit" }); console.log("z");`;
    const { code, stderr, notebook } = await run(t, notebookOf([source]));
    assert.equal(code, 0, stderr);
    const text = textOf(notebook?.cells[0]);
    assert.equal(text.length, 1e8 + 2);
    assert.ok(text.endsWith('yz\n'));
  });
});

it('an error removes what display.clear(true) has announced, as in Jupyter', async (t) => {
  const source = "display('one'); display.clear(true); display('two'); display.clear(true); throw new Error('last');";
  const { notebook } = await run(t, notebookOf([{ source, tags: ['raises-exception'] }]));
  assert.deepEqual(
    notebook?.cells[0]?.outputs.map(({ output_type: type }) => type),
    ['error'],
  );
});

it('an executed notebook has no half of an emoji, which Jupyter could not save', async (t) => {
  const source = String.raw`const cut = 'a😀'.slice(0, 2); console.log(cut, '\\ud83d'); display.html(cut); throw new Error(cut)`;
  const { notebook } = await run(t, notebookOf([{ source, tags: ['raises-exception'] }]));
  const outputs = notebook?.cells[0]?.outputs ?? [];
  assert.deepEqual(outputs[0]?.text, ['a\ufffd \\ud83d\n']);
  assert.deepEqual(outputs[1]?.data?.['text/html'], ['a\ufffd']);
  assert.equal(outputs[2]?.evalue, 'a\ufffd');
});

it('executed notebooks say their language, and nbconvert makes a .ts file of them', async (t) => {
  const { notebook } = await run(t, notebookOf(['const x: number = 1;']));
  const { language_info: info } = (notebook as NonNullable<typeof notebook>).metadata as {
    language_info: Record<string, unknown>;
  };
  assert.deepEqual([info.name, info.file_extension, info.pygments_lexer], ['typescript', '.ts', 'typescript']);
  const python = process.env.NBSERVE_TEST_PYTHON;
  if (python === undefined) return t.diagnostic('nbconvert not asked: NBSERVE_TEST_PYTHON is not set');
  const folder = mkdtempSync(join(tmpdir(), 'nbserve-nbconvert-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'lesson.ipynb');
  writeFileSync(file, JSON.stringify(notebook));
  const convert = spawnSync(python, ['-m', 'nbconvert', '--to', 'script', file], { encoding: 'utf8' });
  assert.equal(convert.status, 0, convert.stderr);
  assert.match(readFileSync(join(folder, 'lesson.ts'), 'utf8'), /const x: number = 1;/);
});
