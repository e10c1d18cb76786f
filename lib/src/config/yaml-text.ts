import type { Document, Node } from 'yaml';
import { InvalidConfig } from './errors.js';

/** Larger texts are refused before they are parsed. */
const MAX_CONFIG_BYTES = 1024 * 1024;
/** How often a text may repeat a node by an alias. More would let a small text become gigabytes. */
const MAX_ALIASES = 100;
/** Deeper values would exhaust the stack of what reads them later. */
const MAX_DEPTH = 64;

/** The parsed text of a configuration. It knows on which line each value is. */
export interface YamlText {
  /** Plain JSON values. */
  readonly value: unknown;
  /** An error at the value with this path, e.g. `['applications', 0, 'name']`. It names the file and the line. */
  fail(path: readonly (string | number)[], problem: string): Error;
}

/**
 * Parses YAML 1.2 (of which JSON is a part) in its core schema: there are no tags that make objects or run code.
 * @param name of the file, for messages
 * @throws NBS_INVALID_CONFIG
 */
export async function parseYaml(text: string, name: string): Promise<YamlText> {
  if (Buffer.byteLength(text) > MAX_CONFIG_BYTES)
    throw InvalidConfig({ place: name, problem: `a configuration has at most ${MAX_CONFIG_BYTES} bytes` });
  // Only commands that read a configuration need the parser.
  const { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } = await import('yaml');
  const lines = new LineCounter();
  const at = (offset: number): string => `${name}:${lines.linePos(offset).line || 1}`;
  let document: Document.Parsed;
  let value: unknown;
  try {
    document = parseDocument(text, {
      lineCounter: lines,
      schema: 'core',
      version: '1.2',
      merge: true,
      stringKeys: true,
      logLevel: 'error',
      prettyErrors: false,
    });
    // A warning is a tag that has no meaning here, such as !!python/object.
    const [fault] = [...document.errors, ...document.warnings];
    if (fault !== undefined) throw InvalidConfig({ place: at(fault.pos[0]), problem: fault.message });
    value = document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    if (error instanceof RangeError) throw InvalidConfig({ place: name, problem: 'it is nested too deeply' }, error);
    if (error instanceof ReferenceError)
      throw InvalidConfig({ place: name, problem: `it repeats values by aliases (*name) too often: ${error.message}` }, error);
    throw error;
  }
  const fail = (path: readonly (string | number)[], problem: string): Error =>
    InvalidConfig({ place: at(offsetOf(path)), problem });
  const deep = tooDeep(value, []);
  if (deep !== null) throw fail(deep, `it is nested more than ${MAX_DEPTH} levels deep`);
  return { value, fail };

  /** The position of the key or item; if an alias or a merge hides it, that of the innermost one above it that has a position. */
  function offsetOf(path: readonly (string | number)[]): number {
    let node = document.contents as Node | null | undefined;
    let offset = node?.range?.[0] ?? 0;
    for (const step of path) {
      if (isAlias(node)) node = node.resolve(document);
      if (isMap(node)) {
        const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
        if (pair === undefined) return offset;
        offset = (pair.key as Node).range?.[0] ?? offset;
        node = pair.value as Node | null;
      } else if (isSeq(node)) {
        node = node.items[Number(step)] as Node | undefined;
        offset = node?.range?.[0] ?? offset;
      } else return offset;
    }
    return offset;
  }
}

/** The path of a value that is too deep, or null. */
function tooDeep(value: unknown, path: readonly (string | number)[]): readonly (string | number)[] | null {
  if (typeof value !== 'object' || value === null) return null;
  if (path.length >= MAX_DEPTH) return path;
  for (const [key, inner] of Object.entries(value)) {
    const found = tooDeep(inner, [...path, Array.isArray(value) ? Number(key) : key]);
    if (found !== null) return found;
  }
  return null;
}
