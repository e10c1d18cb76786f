/** The way in which VS Code starts, uses and ends kernels: without Jupyter, and without its environment. VS Code itself does not run here. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { gone } from './fixtures/processes.js';
import { VsCode } from './fixtures/vscode.js';

describe('a kernel that is started as VS Code does it', () => {
  let folder: string;
  let code: VsCode;
  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'nbk-code-'));
    code = await VsCode.start(folder);
  });
  after(() => {
    code?.close();
    rmSync(folder, { recursive: true });
  });

  it('runs cells, also after one that failed', async () => {
    const cells = ['1 + 1', 'throw new RangeError("no")', 'console.log("next")'].map((text) => code.begin(text));
    const ends = await Promise.all(cells.map((cell) => code.end(cell)));
    assert.deepEqual(ends, ['2', 'RangeError: no', 'next\n']);
  });

  it('has an empty input, although VS Code keeps it open', async () => {
    const imports = "import { execSync } from 'node:child_process'; import fs from 'node:fs';";
    const output = await code.run(
      `${imports} [fs.readFileSync(0, 'utf8'), execSync('cat', { stdio: ['inherit', 'pipe', 'inherit'] }).toString()]`,
    );
    assert.equal(output, "[ '', '' ]");
  });

  it('asks', async () => {
    const cell = code.begin("await prompt('Your name? ')");
    const asked = await code.next(({ channel, type }) => channel === 'stdin' && type === 'input_request');
    assert.equal(asked.content.prompt, 'Your name? ');
    code.send('input_reply', { value: 'Ada', status: 'ok' }, 'stdin');
    assert.equal(await code.end(cell), "'Ada'");
  });

  it('is interrupted by a message, and keeps its state', async () => {
    await code.run('let kept = 1');
    const cell = code.begin('console.log("in"); for (;;) {}');
    await code.next(({ parent, type }) => parent === cell && type === 'stream');
    const request = code.send('interrupt_request', {}, 'control');
    await code.next(({ parent, type }) => parent === request && type === 'interrupt_reply');
    assert.match(await code.end(cell), /KeyboardInterrupt/);
    assert.equal(await code.run('kept'), '1');
  });

  it('ends while a cell blocks it', async () => {
    const other = mkdtempSync(path.join(tmpdir(), 'nbk-code-'));
    const blocked = await VsCode.start(other);
    const cell = blocked.begin('console.log("in"); for (;;) {}');
    await blocked.next(({ parent, type }) => parent === cell && type === 'stream');
    await blocked.dispose();
    assert.deepEqual(readdirSync(other), []);
    rmSync(other, { recursive: true });
  });

  it('ends with its cluster, and leaves neither a process nor a file', async () => {
    const output = await code.run(
      "await serve.run(serve.deployment(class A { fetch() { return 'hello'; } }).bind());\nconst { url } = await serve.status();\nawait (await fetch(url)).text()",
    );
    assert.match(output, /'hello'$/);
    const pids = await code.dispose();
    assert.ok(pids.length > 4, 'the agent, the controller, the proxy, a replica, TypeScript');
    await gone(pids);
    assert.deepEqual(readdirSync(folder), []);
  });
});
