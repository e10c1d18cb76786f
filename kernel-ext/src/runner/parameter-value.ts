import { later } from './later.js';

/** Matches the numbers that Python's `int` and `float` read. */
const NUMBER = /^[+-]?(\d+(_\d+)*\.?(\d+(_\d+)*)?|\.\d+(_\d+)*)(e[+-]?\d+(_\d+)*)?$/i;
const NOT_FINITE = /^([+-]?)(inf|infinity|nan)$/i;

/** `True`, `False` and `None` are papermill's. Those of TypeScript are meant as such in a notebook with TypeScript. */
const WORDS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ...['True', 'true'].map((word) => [word, true] as const),
  ...['False', 'false'].map((word) => [word, false] as const),
  ...['None', 'null'].map((word) => [word, null] as const),
]);

/** What YAML also reads, in lists and objects. */
const YAML_WORDS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['~', null],
  ['.nan', Number.NaN],
  ['.inf', Number.POSITIVE_INFINITY],
  ['-.inf', Number.NEGATIVE_INFINITY],
]);

/**
 * Reads the value of `-p name value`, as papermill does: `True`, `None`, `42`, `1e-3`, `inf`, else a text. Unlike there, `true`, `false`, `null` are values
 * too, and so are lists, objects and quoted texts in JSON or YAML's flow style (`[a, b]`, `{k: 1}`). An integer that a number cannot hold becomes a bigint.
 */
export function parseParameter(text: string): unknown {
  const trimmed = text.trim();
  if (!/^[[{"]/.test(trimmed)) return scalar(text);
  const flow = new FlowReader(trimmed);
  try {
    return flow.read();
  } catch {
    return text;
  }
}

/**
 * Reads parameters in YAML 1.1, which papermill reads too. Dates stay texts, as they do there.
 * @throws Error if it is no YAML, or no mapping
 */
export function parseParameterYaml(text: string): readonly (readonly [name: string, value: unknown])[] {
  const value: unknown = later.yaml().parse(text, {
    version: '1.1',
    intAsBigInt: true,
    // Dates are no JSON, and PyYAML reads `y` and `n` as texts.
    customTags: (tags) => [
      ...tags.filter((tag) => typeof tag !== 'string' && !/:(timestamp|bool)$/.test(tag.tag)),
      ...[true, false].map((value) => ({
        tag: 'tag:yaml.org,2002:bool',
        default: true,
        test: value ? /^(?:yes|true|on)$/i : /^(?:no|false|off)$/i,
        resolve: () => value,
      })),
    ],
  });
  if (value === null || value === undefined) return [];
  if (typeof value !== 'object' || Array.isArray(value)) throw new Error('it is no mapping of names to values');
  return Object.entries(value).map(([name, one]) => [name, withNumbers(one)] as const);
}

/** Only integers that a number cannot hold stay bigints. */
function withNumbers(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (Array.isArray(value)) return value.map(withNumbers);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withNumbers(one)]));
}

function scalar(text: string): unknown {
  if (WORDS.has(text)) return WORDS.get(text);
  const trimmed = text.trim();
  const [, sign, name] = NOT_FINITE.exec(trimmed) ?? [];
  if (name !== undefined) return /^n/i.test(name) ? Number.NaN : Number(`${sign}Infinity`);
  if (!NUMBER.test(trimmed)) return text;
  const digits = trimmed.replaceAll('_', '');
  const value = Number(digits);
  if (Number.isInteger(value) && !Number.isSafeInteger(value) && /^[+-]?\d+$/.test(digits)) {
    return digits.startsWith('-') ? -BigInt(digits.slice(1)) : BigInt(digits.replace('+', ''));
  }
  return value;
}

/** Reads JSON and YAML's flow style, in which quotes may be left out. */
class FlowReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** @throws Error if the text is neither */
  read(): unknown {
    const value = this.#value(/^.+/s);
    if (this.#skip() !== '') throw new Error('there is more behind the value');
    return value;
  }

  /** @param bare matches a text without quotes */
  #value(bare: RegExp): unknown {
    switch (this.#skip()) {
      case '[':
        return this.#items(']', () => this.#value(/^[^,\]]+/));
      case '{':
        return Object.fromEntries(
          this.#items('}', () => {
            const key = String(this.#value(/^[^:,}]+/));
            if (this.#skip() !== ':') throw new Error('a colon is missing');
            this.#at += 1;
            return [key, this.#value(/^[^,}]+/)] as const;
          }),
        );
      case '"':
        return JSON.parse(this.#match(/^"(?:[^"\\]|\\.)*"/s)) as unknown;
      case "'":
        return this.#match(/^'(?:[^']|'')*'/)
          .slice(1, -1)
          .replaceAll("''", "'");
      default:
        return itemOf(this.#match(bare).trim());
    }
  }

  #items<T>(close: string, item: () => T): T[] {
    const items: T[] = [];
    this.#at += 1;
    while (this.#skip() !== close) {
      items.push(item());
      if (this.#skip() === ',') this.#at += 1;
      else if (this.#skip() !== close) throw new Error('a comma is missing');
    }
    this.#at += 1;
    return items;
  }

  /** The next character that is not a space; '' at the end. */
  #skip(): string {
    while (/\s/.test(this.#text.charAt(this.#at))) this.#at += 1;
    return this.#text.charAt(this.#at);
  }

  #match(pattern: RegExp): string {
    const [found] = pattern.exec(this.#text.slice(this.#at)) ?? [];
    if (found === undefined) throw new Error('a value is missing');
    this.#at += found.length;
    return found;
  }
}

const itemOf = (text: string): unknown => (YAML_WORDS.has(text) ? YAML_WORDS.get(text) : scalar(text));

/** The value as a TypeScript expression. */
export function literal(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  // The key is in brackets, because `"__proto__": …` would set a prototype.
  const fields = Object.entries(value).map(
    ([key, field]) => `${key === '__proto__' ? '["__proto__"]' : JSON.stringify(key)}: ${literal(field)}`,
  );
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
}
