/** A message in protobuf's text format: each field has all its values, in order. */
export type TextMessage = ReadonlyMap<string, readonly TextValue[]>;
/** Numbers and names of enums are texts; strings are marked, because `"1"` is not 1. */
export type TextValue = TextMessage | { readonly text: string } | { readonly word: string };

const TOKEN = /\s+|#[^\n]*|([{}[\]<>:,;])|("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|([-+]?[\w.][\w.+-]*)/y;
const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '"': '"',
  "'": "'",
  '\\': '\\',
};
const MAX_DEPTH = 32;

interface Token {
  readonly kind: 'sign' | 'text' | 'word' | 'end';
  readonly value: string;
  readonly line: number;
}

/**
 * Reads protobuf's text format, as far as configurations use it: fields, messages in `{ }` or `< >`, lists in `[ ]`, texts that follow one another, comments.
 * https://protobuf.dev/reference/protobuf/textformat-spec/
 * @throws SyntaxError with the line
 */
export function parseTextProto(source: string): TextMessage {
  return new Reader(tokensOf(source)).message('end', 0);
}

class Reader {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  message(close: string, depth: number): TextMessage {
    if (depth > MAX_DEPTH) throw this.#wrong('messages are nested too deeply');
    const fields = new Map<string, TextValue[]>();
    for (;;) {
      const token = this.#next();
      if (token.kind === 'end' ? close === 'end' : token.kind === 'sign' && token.value === close) return fields;
      if (token.kind !== 'word') throw this.#wrong(`expected the name of a field, got ${shown(token)}`, token);
      // A message, or a list of messages, needs no colon.
      const values = this.#isNext(':') || this.#sees('[') ? this.#values(depth) : [this.#messageOnly(depth)];
      const known = fields.get(token.value);
      if (known === undefined) fields.set(token.value, values);
      else for (const value of values) known.push(value);
      // A comma or a semicolon may end a field.
      if (!this.#isNext(',')) this.#isNext(';');
    }
  }

  #values(depth: number): TextValue[] {
    if (!this.#isNext('[')) return [this.#value(depth)];
    const values: TextValue[] = [];
    if (this.#isNext(']')) return values;
    do values.push(this.#value(depth));
    while (this.#isNext(','));
    if (!this.#isNext(']')) throw this.#wrong('a list ends with ]');
    return values;
  }

  #value(depth: number): TextValue {
    const token = this.#tokens[this.#at] as Token;
    if (token.kind === 'word') {
      this.#at += 1;
      return { word: token.value };
    }
    if (token.kind !== 'text') return this.#messageOnly(depth);
    let text = '';
    while (this.#tokens[this.#at]?.kind === 'text') text += this.#next().value;
    return { text };
  }

  #messageOnly(depth: number): TextMessage {
    const token = this.#next();
    if (token.value === '{' && token.kind === 'sign') return this.message('}', depth + 1);
    if (token.value === '<' && token.kind === 'sign') return this.message('>', depth + 1);
    throw this.#wrong(`expected a value, got ${shown(token)}`, token);
  }

  #sees(sign: string): boolean {
    const token = this.#tokens[this.#at] as Token;
    return token.kind === 'sign' && token.value === sign;
  }

  /** Takes the sign, if it is the next one. */
  #isNext(sign: string): boolean {
    const isNext = this.#sees(sign);
    if (isNext) this.#at += 1;
    return isNext;
  }

  #next(): Token {
    const token = this.#tokens[this.#at] as Token;
    if (token.kind !== 'end') this.#at += 1;
    return token;
  }

  #wrong(reason: string, token: Token = this.#tokens[this.#at] as Token): SyntaxError {
    return new SyntaxError(`line ${token.line}: ${reason}`);
  }
}

function tokensOf(source: string): readonly Token[] {
  const tokens: Token[] = [];
  let line = 1;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < source.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(source);
    if (match === null) throw new SyntaxError(`line ${line}: ${JSON.stringify(source.slice(at, at + 1))} is not expected here`);
    const [whole, sign, text, word] = match;
    if (sign !== undefined) tokens.push({ kind: 'sign', value: sign, line });
    if (text !== undefined) tokens.push({ kind: 'text', value: unescaped(text.slice(1, -1)), line });
    if (word !== undefined) tokens.push({ kind: 'word', value: word, line });
    line += whole.split('\n').length - 1;
  }
  return [...tokens, { kind: 'end', value: 'the end', line }];
}

const unescaped = (text: string): string =>
  text.replace(/\\(x[\da-fA-F]{1,2}|[0-7]{1,3}|.)/g, (_, code: string) => {
    if (/^[0-7]/.test(code)) return String.fromCharCode(Number.parseInt(code, 8));
    return code.length > 1 ? String.fromCharCode(Number.parseInt(code.slice(1), 16)) : (ESCAPES[code] ?? code);
  });

const shown = ({ kind, value }: Token): string => (kind === 'end' ? value : JSON.stringify(value.slice(0, 40)));
