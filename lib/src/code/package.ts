import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { assemble } from './assemble.js';
import type { Closure } from './closure.js';
import { compile, inlineMap, mapOneLineDown, tsconfigOf } from './compile.js';
import { bundleFiles } from './files.js';
import { BLOBS, HEADER, type Header } from './hooks.js';
import type { CodePackage, SourceRegistryOptions, ValueBlob } from './types.js';

const HASH_CHUNK = 16 * 1024 * 1024;

/** Compiles a closure and hashes its values. */
export async function packageOf(
  closure: Closure,
  options: SourceRegistryOptions,
  notes: CodePackage['notes'],
): Promise<CodePackage> {
  const { folder } = options;
  const tsconfig = tsconfigOf(options.compilerOptions?.() ?? {});
  // Values are encoded before the first await, so that a later change in the notebook is not in the snapshot.
  const graph = closure.values.isEmpty ? undefined : Buffer.from(JSON.stringify(closure.values.graph()));
  const { text, map: cellMap, exportName, files, required, isJsx, renamed, ...assembled } = assemble(closure, options);
  const preload = [...assembled.preload];
  const compiled = await compile(text, cellMap, { isJsx, tsconfig });
  const values: ValueBlob[] = [];
  if (graph) {
    values.push({ name: BLOBS.graph, hash: await hashOf(graph), bytes: graph });
    for (const [n, bytes] of closure.values.blobs.entries())
      values.push({ name: BLOBS.buffer(n), hash: await hashOf(bytes), bytes });
  }
  if (files.length > 0) {
    const bundled = await bundleFiles(files, options, tsconfig);
    if (bundled.awaits) preload.push(...required);
    const bytes = Buffer.from(bundled.code);
    values.push({ name: BLOBS.files, hash: await hashOf(bytes), bytes });
  }
  const header: Header = { preload, renamed: { ...renamed, ...renamedByCompiler(compiled.code, closure) } };
  // The header is a line above the compiled code.
  const map = mapOneLineDown(compiled.map);
  const code = Buffer.from(`${HEADER}${JSON.stringify(header)}\n${compiled.code}${inlineMap(map)}`);
  return {
    kind: 'source',
    hash: await hashOf(code),
    code,
    map,
    values,
    folder,
    exportName,
    notes,
  };
}

// If esbuild compiles the decorators of a class, it calls the class `_Name` inside.
function renamedByCompiler(code: string, closure: Closure): Record<string, string> {
  const names = closure.units.map((unit) => unit.name).filter((name) => code.includes(`class _${name} `));
  return Object.fromEntries(names.map((name) => [`_${name}`, name]));
}

async function hashOf(bytes: Uint8Array): Promise<string> {
  const hash = createHash('sha256');
  for (let at = 0; at < bytes.byteLength; at += HASH_CHUNK) {
    if (at > 0) await setImmediate();
    hash.update(bytes.subarray(at, at + HASH_CHUNK));
  }
  return hash.digest('hex');
}
