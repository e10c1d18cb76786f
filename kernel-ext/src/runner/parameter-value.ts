/** Matches the numbers that Python's `int` and `float` read. */
const NUMBER = /^[+-]?(\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(e[+-]?\d+)?$/i;

const WORDS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ...['True', 'true'].map((word) => [word, true] as const),
  ...['False', 'false'].map((word) => [word, false] as const),
  ...['None', 'null', '~'].map((word) => [word, null] as const),
  ...['nan', 'NaN', '.nan'].map((word) => [word, Number.NaN] as const),
  ...['inf', 'Infinity', '.inf', '+inf'].map((word) => [word, Number.POSITIVE_INFINITY] as const),
  ...['-inf', '-Infinity', '-.inf'].map((word) => [word, Number.NEGATIVE_INFINITY] as const),
]);

/**
 * Reads the value of `-p name value`, as papermill does: `True`, `None`, `42`, `1e-3`, else a text. Lists, objects and quoted texts may be JSON or YAML's
 * flow style (`[a, b]`, `{k: 1}`). An integer that a number cannot hold becomes a bigint.
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

function scalar(text: string): unknown {
  if (WORDS.has(text)) return WORDS.get(text);
  if (!NUMBER.test(text)) return text;
  const digits = text.replaceAll('_', '');
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
        return scalar(this.#match(bare).trim());
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
