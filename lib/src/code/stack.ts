import { SourceMap, type SourceMapPayload } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

interface MappedFile {
  /** The map, which is read when the first error needs it. */
  readonly payload: () => SourceMapPayload | undefined;
  readonly renamed: Readonly<Record<string, string>>;
  map?: SourceMap | null;
}

const files = new Map<string, MappedFile>();

/** Notes that `file` (a path or URL, as in stacks) is compiled code. The code contains its map. */
export function registerCompiled(file: string, code: () => string, renamed: Readonly<Record<string, string>> = {}): void {
  if (!files.has(file)) files.set(file, { payload: () => inlineMap(code()), renamed });
}

/** True if this file (a path or URL, as in stacks) is compiled code, and not the user's source. */
export const isCompiled = (file: string): boolean => files.has(file);

function inlineMap(code: string): SourceMapPayload | undefined {
  const at = code.lastIndexOf('//# sourceMappingURL=data:application/json;base64,');
  if (at < 0) return undefined;
  return JSON.parse(Buffer.from(code.slice(code.indexOf(',', at) + 1).trim(), 'base64').toString()) as SourceMapPayload;
}

const OWN = dirname(dirname(fileURLToPath(import.meta.url)));
const OWN_FRAME = new RegExp(`[( ](file://)?${OWN.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}/`);
const INTERNAL_FRAME = /[( ]node:[^)]*\)?$/;

/** A stack line `    at …` with the user's position; undefined if the frame is not one of shipped code. */
function mapFrame(line: string): string | undefined {
  // Found by the registered names, because a path may contain spaces, colons and parentheses.
  for (const [file, known] of files) {
    const at = line.indexOf(`${file}:`);
    if (at < 0) continue;
    const [position, row, column] = /^(\d+):(\d+)/.exec(line.slice(at + file.length + 1)) ?? [];
    if (position === undefined) continue;
    const entry = mapOf(known)?.findEntry(Number(row) - 1, Number(column) - 1);
    if (!entry || !('originalSource' in entry) || !entry.originalSource) return OUR_GLUE;
    // The segment belongs to a line above, so the compiler added this line.
    if (entry.generatedLine !== Number(row) - 1) return OUR_GLUE;
    const before = line.slice(0, at).replace(/[\p{ID_Continue}$]+/gu, (name) => userName(known, name));
    const after = line.slice(at + file.length + 1 + position.length);
    return `${before}${entry.originalSource}:${entry.originalLine + 1}:${entry.originalColumn + 1}${after}`;
  }
  return undefined;
}

function mapOf(file: MappedFile): SourceMap | null {
  if (file.map === undefined) {
    const payload = file.payload();
    file.map = payload ? new SourceMap(payload) : null;
  }
  return file.map;
}

const userName = (file: MappedFile, name: string): string =>
  Object.hasOwn(file.renamed, name) ? (file.renamed[name] as string) : name;

/** The result for a frame in code that the compiler or assembler added. */
const OUR_GLUE = '';

/**
 * Replaces positions in shipped code by the user's (`cell[3].ts:7:11`). Frames of nbserve and Node are removed if frames of the user remain. A stack that
 * is mapped already does not change.
 */
export function mapStack(stack: string): string {
  const lines = stack.split('\n');
  const first = lines.findIndex((line) => /^\s+at /.test(line));
  if (first < 0) return stack;
  return [...lines.slice(0, first), ...mapFrames(lines.slice(first))].join('\n');
}

function mapFrames(lines: readonly string[]): readonly string[] {
  const kept: string[] = [];
  let users = 0;
  for (const line of lines) {
    const mapped = mapFrame(line);
    if (mapped === OUR_GLUE) continue;
    if (mapped === undefined && (OWN_FRAME.test(line) || INTERNAL_FRAME.test(line))) continue;
    kept.push(mapped ?? line);
    if (/^\s+at /.test(line)) users += 1;
  }
  return users > 0 ? kept : lines;
}

let installed = false;

/** Makes `error.stack` in this process show the user's positions, also when `console.error(error)` prints it. */
export function installStackMapping(): void {
  if (installed) return;
  installed = true;
  Error.prepareStackTrace = (error, sites) => {
    const head = headOf(error);
    if (sites.length === 0) return head;
    return [head, ...mapFrames(sites.map((site) => `    at ${String(site)}`))].join('\n');
  };
}

function headOf(error: unknown): string {
  try {
    return Error.prototype.toString.call(error);
  } catch {
    return '<error>';
  }
}
