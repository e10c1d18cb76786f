import { tmpdir } from 'node:os';
import { createSession } from '../dist/session/index.js';

/** Runs cells with errors that no code catches, and writes what each cell printed. */
const session = createSession({ folder: tmpdir() });
const cells = [
  'void Promise.reject(new Error("rejected"))',
  'setTimeout(() => { throw new Error("in a timer") }, 0)',
  'const conn = { get [Symbol.toStringTag](): string { throw new Error("closed") } };\nsetTimeout(() => { throw Object.assign(new Error("query failed"), { conn }) }, 0)',
  'const { proxy, revoke } = Proxy.revocable({}, {}); revoke();\nsetTimeout(() => { throw proxy }, 0)',
  'await new Promise((r) => setTimeout(r, 20)); console.log("alive")',
];
const outputs = cells.map(() => '');
for (const [i, code] of cells.entries()) {
  await session.execute(code, {
    executionCount: i + 1,
    silent: false,
    output: {
      stream: (_name, text) => {
        outputs[i] += text;
      },
      display: () => {},
      clear: () => {},
    },
  });
}
await session.dispose();
const { writeSync } = await import('node:fs');
writeSync(1, JSON.stringify(outputs));
