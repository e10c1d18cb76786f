import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TestNotebook } from './session-harness.js';

const major = Number.parseInt(process.versions.node, 10);

/** Since when Node has it, in its types and at run time. */
const CELLS: readonly (readonly [since: number, code: string, shown: string])[] = [
  [20, 'import { styleText, parseEnv } from "node:util"; typeof parseEnv', "'function'"],
  [20, '[3, 1, 2].toSorted().at(0)', '1'],
  [20, 'new Blob(["a"]).size + structuredClone({ a: 1 }).a', '2'],
  [20, 'const r = Readable.from([1, 2]); import { Readable } from "node:stream"; await r.toArray()', '[ 1, 2 ]'],
  [22, 'import { globSync } from "node:fs"; globSync("*.none")', '[]'],
  [22, 'Object.groupBy([1, 2, 3], (n) => (n % 2 ? "odd" : "even")).odd', '[ 1, 3 ]'],
  [22, 'new Set([1, 2]).union(new Set([3])).size', '3'],
  [22, '[1, 2, 3].values().map((n) => n * 2).toArray()', '[ 2, 4, 6 ]'],
  [22, 'const { promise, resolve } = Promise.withResolvers<number>(); resolve(3); await promise', '3'],
  [24, 'new URLPattern({ pathname: "/a/:id" }).exec({ pathname: "/a/1" })?.pathname.groups.id', "'1'"],
  [24, 'Error.isError(new Error("x"))', 'true'],
  [24, 'RegExp.escape("a.b")', "'\\\\x61\\\\.b'"],
];

describe(`the types of Node ${major}`, () => {
  it('are those of the Node that runs', async (t) => {
    const notebook = new TestNotebook();
    t.after(() => notebook.close());
    for (const [since, code, shown] of CELLS) {
      if (major >= since) assert.equal(await notebook.value(code), shown, code);
      else assert.match(await notebook.failure(code), /TS\d+/, code);
    }
    const types = { 20: 20, 21: 20, 22: 22, 23: 22 }[major] ?? 24;
    const { text } = await notebook.run('%version');
    assert.match(text(), new RegExp(`^Node types +${types}\\.`, 'm'));
  });

  it('are not mixed with those that a package brings', async (t) => {
    const notebook = new TestNotebook();
    t.after(() => notebook.close());
    await notebook.file('node_modules/p/package.json', '{"name":"p","main":"i.js","types":"i.d.ts"}');
    await notebook.file('node_modules/p/i.js', 'exports.size = (b) => b.length');
    await notebook.file(
      'node_modules/p/i.d.ts',
      '/// <reference types="node" />\nimport type { Server } from "node:http"; export function size(b: Buffer): number; export type S = Server;',
    );
    assert.equal(await notebook.value('import { size, type S } from "p"; let s: S | undefined; size(Buffer.from("abc"))'), '3');
    const server = 'import { createServer } from "node:http"; const h: S = createServer(); typeof h.listen';
    assert.equal(await notebook.value(server), "'function'");
  });
});
