import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { KernelClient } from './fixtures/client.js';

const CHILDREN = 'import { execSync, spawn, spawnSync } from "node:child_process"; import fs from "node:fs";\n';

describe('what is written to the descriptors 1 and 2 in a kernel', () => {
  let kernel: KernelClient;
  before(async () => {
    kernel = await KernelClient.start();
  });
  after(() => kernel.kill());

  it('reaches its cell before idle, in order with what the cell prints', async () => {
    const run = await kernel.execute(
      `${CHILDREN}console.log("a"); execSync("echo b", { stdio: "inherit" }); console.log("c"); fs.writeSync(1, "d\\n"); process.stdout.write("e\\n");
spawnSync("sh", ["-c", "echo f > /dev/stdout"], { stdio: "inherit" }); console.log("g"); execSync("echo h", { stdio: "inherit" });`,
    );
    assert.equal(run.reply.status, 'ok', JSON.stringify(run.reply));
    assert.equal(run.text(), 'a\nb\nc\nd\ne\nf\ng\nh\n');
    const next = await kernel.execute('fs.writeSync(1, "next\\n");');
    assert.equal(next.text(), 'next\n');
  });

  it('arrives while the cell waits for the child', async () => {
    // The child waits for a file, which is made only when its output has arrived.
    const folder = mkdtempSync(join(tmpdir(), 'nbserve-seen-'));
    const seen = join(folder, 'seen');
    const cell = kernel.executing(`execSync("echo begun; until [ -e ${seen} ]; do sleep 0.05; done", { stdio: "inherit" });`);
    await kernel.until(
      () => kernel.of(cell.id).some(({ content }) => String(content.text).includes('begun')),
      'what the child prints',
    );
    writeFileSync(seen, '');
    assert.equal((await cell.done).reply.status, 'ok');
    rmSync(folder, { recursive: true });
  });

  it('is kept by %%capture, in order with what the cell prints', async () => {
    const run = await kernel.execute(
      `%%capture kept
${CHILDREN}console.log("a"); execSync("echo b; echo c >&2", { stdio: "inherit" }); console.error("d"); fs.writeSync(1, "e\\n"); console.log("f");
!echo g
console.log("h".repeat(200_000));`,
    );
    assert.deepEqual([run.reply.status, run.text()], ['ok', '']);
    const kept = await kernel.execute('console.log(kept.stdout.replace(/h+/, (all) => `${all.length}`), kept.stderr)');
    assert.equal(kept.text(), 'a\nb\ne\nf\ng\n200000\n c\nd\n\n');
    const next = await kernel.execute('fs.writeSync(1, "next\\n"); console.log("shown")');
    assert.equal(next.text(), 'next\nshown\n');
  });

  it('is shown again after a cell with %%capture that was interrupted or has failed', async () => {
    const cell = kernel.executing('%%capture\nfs.writeSync(1, "lost\\n"); for (;;);');
    await kernel.until(() => kernel.of(cell.id).some(({ type }) => type === 'execute_input'), 'the cell');
    await kernel.interrupt();
    assert.equal((await cell.done).reply.status, 'error');
    assert.equal((await kernel.execute('fs.writeSync(1, "shown\\n")')).text(), 'shown\n');
    const failed = await kernel.execute('%%capture\nfs.writeSync(1, "lost\\n"); throw new Error("no")');
    assert.deepEqual([failed.reply.status, failed.text()], ['error', '']);
    assert.equal((await kernel.execute('fs.writeSync(1, "again\\n")')).text(), 'again\n');
  });

  it('of a command that goes on after its cell with %%capture is shown below that cell', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'nbk-late-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const go = join(folder, 'go');
    const cell = await kernel.execute(
      `%%capture\n!(until [ -e ${go} ]; do sleep 0.05; done; echo late) &\nconsole.log("captured")`,
    );
    assert.deepEqual([cell.reply.status, cell.text()], ['ok', '']);
    await kernel.execute('1');
    writeFileSync(go, '');
    const late = (): string | undefined =>
      kernel.iopub.find(({ type, content }) => type === 'stream' && content.text === 'late\n')?.parentId;
    await kernel.until(() => late() !== undefined, 'what the command prints');
    assert.equal(late(), cell.id);
  });

  it('may be cut within a character', async () => {
    const run = await kernel.execute(
      'for (const byte of Buffer.from("é€😀\\n")) { fs.writeSync(1, Buffer.of(byte)); process.stdout.write(Buffer.of(byte)); await new Promise((resolve) => setTimeout(resolve, 2)); }',
    );
    assert.deepEqual([...run.text()].sort(), [...'é€😀\né€😀\n'].sort());
  });

  it('may come without end while the kernel ends', async (t) => {
    const other = await KernelClient.start();
    t.after(() => other.kill());
    const run = await other.execute(`${CHILDREN}spawn("yes", [], { stdio: "inherit" }); "begun"`);
    assert.equal(run.reply.status, 'ok');
    await other.shutdown();
    assert.deepEqual(await other.exited, { code: 0, signal: null });
  });

  it('may be 100 MB, from children and from the cell', async () => {
    const child = await kernel.execute(
      'execSync("head -c 100000000 /dev/zero | tr \'\\\\0\' x", { stdio: "inherit" }); console.log("end")',
    );
    assert.equal(child.text().length, 1e8 + 4);
    const node = await kernel.execute(
      'spawnSync(process.execPath, ["-e", "process.stdout.write(\'y\'.repeat(2e7))"], { stdio: "inherit" }); console.log("end")',
    );
    assert.ok(node.text() === `${'y'.repeat(2e7)}end\n`);
  });
});
