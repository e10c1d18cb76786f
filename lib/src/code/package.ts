import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { assemble } from './assemble.js';
import type { Closure } from './closure.js';
import { compile } from './compile.js';
import { HEADER, type Header } from './hooks.js';
import type { CodePackage, ValueBlob } from './types.js';

const HASH_CHUNK = 16 * 1024 * 1024;

/** Compiles a closure and hashes its values. */
export async function packageOf(
  closure: Closure,
  options: { readonly folder: string; readonly notes: readonly string[] },
): Promise<CodePackage> {
  // Values are taken before anything is awaited: what the notebook changes from here on isn't in the snapshot.
  const graph = closure.values.isEmpty ? undefined : Buffer.from(JSON.stringify(closure.values.graph()));
  const { text, map: cellMap, exportName, preload, renamed } = assemble(closure);
  const compiled = await compile(text, cellMap, options.folder);
  const values: ValueBlob[] = [];
  if (graph) {
    values.push({ name: 'graph', hash: await hashOf(graph), bytes: graph });
    for (const [n, bytes] of closure.values.blobs.entries())
      values.push({ name: `buffer-${n}`, hash: await hashOf(bytes), bytes });
  }
  const header: Header = { preload, renamed };
  const map = shiftedByOneLine(compiled.map);
  const inline = `//# sourceMappingURL=data:application/json;base64,${Buffer.from(map).toString('base64')}\n`;
  const code = Buffer.from(`${HEADER}${JSON.stringify(header)}\n${compiled.code}${inline}`);
  return {
    kind: 'source',
    hash: await hashOf(code),
    code,
    map,
    values,
    folder: options.folder,
    exportName,
    notes: options.notes,
  };
}

// The header is a line of its own above the compiled code.
function shiftedByOneLine(map: string): string {
  const parsed = JSON.parse(map) as { mappings: string };
  return JSON.stringify({ ...parsed, mappings: `;${parsed.mappings}` });
}

async function hashOf(bytes: Uint8Array): Promise<string> {
  const hash = createHash('sha256');
  for (let at = 0; at < bytes.byteLength; at += HASH_CHUNK) {
    if (at > 0) await setImmediate();
    hash.update(bytes.subarray(at, at + HASH_CHUNK));
  }
  return hash.digest('hex');
}
