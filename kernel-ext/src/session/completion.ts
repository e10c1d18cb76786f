import { readdirSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { completeMagic, splitCell } from '../magics/index.js';
import type { Converter } from './converter.js';
import type { CompleteReply } from './session.js';

/** Names that fit at the cursor: magics, modules in an import, else what the types know. */
export function completeCell(converter: Converter, scope: string, folder: string, code: string, cursor: number): CompleteReply {
  const before = code.slice(code.lastIndexOf('\n', cursor - 1) + 1, cursor);
  if (/^%/.test(before)) return reply(cursor - before.length, cursor, completeMagic(before));
  if (/^!/.test(before)) return completePath(folder, /\S*$/.exec(before)?.[0] ?? '', cursor);
  const specifier = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)(['"])([^'"]*)$/.exec(before)?.[2];
  if (specifier !== undefined) return reply(cursor - specifier.length, cursor, modules(folder, specifier));
  const { start, end, names } = converter.complete(scope, withoutMagics(code), cursor);
  return reply(start, end, names);
}

/** The cell with its magic lines blanked, so that offsets stay. */
export function withoutMagics(code: string): string {
  const { edits, cellMagic } = splitCell(code);
  if (cellMagic !== undefined) return code.replace(/[^\n]/g, ' ');
  let text = code;
  for (const { start, end } of edits) text = text.slice(0, start) + ' '.repeat(end - start) + text.slice(end);
  return text;
}

function modules(folder: string, typed: string): string[] {
  if (typed.startsWith('.')) {
    const head = typed.slice(0, typed.lastIndexOf('/') + 1);
    const files = entries(resolve(folder, head)).filter(
      (name) => /(\.(ts|js|mjs|json)|^[^.]+)$/.test(name) && name !== 'node_modules',
    );
    return files.map((name) => head + name).filter((name) => name.startsWith(typed));
  }
  const found = new Set(builtinModules.filter((name) => !name.startsWith('_')).map((name) => `node:${name}`));
  for (const name of ['nbserve', 'nbserve/onnx']) found.add(name);
  for (let at = folder; ; at = dirname(at)) {
    for (const name of entries(join(at, 'node_modules'))) {
      if (name.startsWith('.') || name === '@types') continue;
      if (name.startsWith('@')) for (const scoped of entries(join(at, 'node_modules', name))) found.add(`${name}/${scoped}`);
      else found.add(name);
    }
    if (dirname(at) === at) break;
  }
  return [...found].filter((name) => name.startsWith(typed)).sort();
}

function completePath(folder: string, typed: string, cursor: number): CompleteReply {
  const head = typed.slice(0, typed.lastIndexOf('/') + 1);
  const names = entries(resolve(folder, head)).filter((name) => name.startsWith(basename(`${typed}x`).slice(0, -1)));
  return reply(
    cursor - typed.length,
    cursor,
    names.map((name) => head + name),
  );
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function reply(start: number, end: number, matches: readonly string[]): CompleteReply {
  return { status: 'ok', matches: [...matches], cursor_start: start, cursor_end: end, metadata: {} };
}
