/** ONNX Runtime's library sends data to Microsoft unless it is told not to. Before it sends, it writes files, and these can be seen. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { datasetPath } from 'nbserve/data';

const LOAD = `import { onnx } from 'nbserve/onnx';
await onnx.load(${JSON.stringify(datasetPath('mnist/mnist-cnn.onnx'))}, { runIn: process.argv[1] });`;

let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'nbs-telemetry-'));
});
after(() => rmSync(folder, { recursive: true }));

/** Loads a model in a process with a home of its own, and lists the files of this home that it wrote for telemetry. */
async function filesWritten(name: string, settings: Record<string, string>, runIn = 'loop'): Promise<readonly string[]> {
  const home = mkdtempSync(join(folder, name));
  // In CI, the library is silent by itself.
  const { PATH = '' } = process.env;
  const env = { PATH, HOME: home, TMPDIR: home, ...settings };
  const args = ['--input-type=module', '-e', LOAD, runIn];
  await promisify(execFile)(process.execPath, args, { env, cwd: import.meta.dirname });
  const names = readdirSync(home, { recursive: true, encoding: 'utf8' });
  return names.filter((file) => /Microsoft|mat-debug|\.ses$/.test(file));
}

for (const runIn of ['loop', 'beside'])
  test(`a model that runs in ${runIn} sends nothing`, async () => assert.deepEqual(await filesWritten('off', {}, runIn), []));

test('who wants the telemetry turns it on', async (t) => {
  const written = await filesWritten('on', { ORT_DISABLE_TELEMETRY: '0' });
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return t.skip(`not known of ${process.platform} on ${process.arch}`);
  assert.ok(
    written.some((file) => file.includes('Microsoft')),
    written.join(),
  );
});
