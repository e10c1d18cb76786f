import { readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const maps = new Map<string, SourceMap | null>();

/**
 * `path:line:column` in the file that the user wrote, if a compiler has made `file` from it. The compiler of a replica's bundle follows such source
 * maps too.
 */
export function originalSite(file: string, line: number, column: number): string {
  const entry = mapOf(file)?.findEntry(line - 1, column - 1);
  if (entry === undefined || !('originalSource' in entry) || entry.generatedLine !== line - 1) return `${file}:${line}:${column}`;
  const { originalSource, originalLine, originalColumn } = entry;
  const source = originalSource.startsWith('file://') ? fileURLToPath(originalSource) : resolve(dirname(file), originalSource);
  return `${source}:${originalLine + 1}:${originalColumn + 1}`;
}

function mapOf(file: string): SourceMap | null {
  let map = maps.get(file);
  if (map === undefined) {
    map = readMap(file);
    maps.set(file, map);
  }
  return map;
}

function readMap(file: string): SourceMap | null {
  try {
    const code = readFileSync(file, 'utf8');
    const [, url] = /\/\/# sourceMappingURL=(\S+)\s*$/.exec(code.slice(code.lastIndexOf('//# sourceMappingURL='))) ?? [];
    if (url === undefined) return null;
    const inline = /^data:application\/json;(?:charset=utf-8;)?base64,(.*)$/.exec(url)?.[1];
    const text =
      inline === undefined ? readFileSync(resolve(dirname(file), url), 'utf8') : Buffer.from(inline, 'base64').toString();
    const payload = JSON.parse(text) as SourceMapPayload;
    const folder = inline === undefined ? dirname(resolve(dirname(file), url)) : dirname(file);
    const sources = payload.sources.map((source) => resolve(folder, payload.sourceRoot ?? '', decodeURIComponent(source)));
    return new SourceMap({ ...payload, sourceRoot: '', sources });
  } catch {
    // There is no map, or it cannot be read. Then stacks show the file itself, here and in the bundle.
    return null;
  }
}
