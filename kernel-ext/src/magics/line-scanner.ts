/** If a line ends with one of these characters, the expression continues on the next line. */
const CONTINUES = /[=+\-*%&|^<>,.?:!~([]$/;
/** After one of these, a `/` begins a regular expression. */
const REGEX_AFTER = /(^|[=(,:[!&|?{};+\-*%<>~^]|\b(return|typeof|case|in|of|delete|void|throw|await))$/;

/** Whether the `/` at this offset belongs to a tag of JSX: `</li>`, or `<Row n={1} />`. */
export const isOfTag = (text: string, at: number): boolean =>
  text[at - 1] === '<' || (text[at + 1] === '>' && text.slice(0, at).trimEnd().endsWith('}'));

/**
 * Reads TypeScript line by line, and finds out whether a statement may begin at the beginning of a line: it may at the top and inside of braces, but not
 * inside of other brackets, a template or a comment, and not after an operator.
 */
export class LineScanner {
  readonly #open: string[] = [];
  #last = '';
  #code = '';

  /** The code that was read, as TypeScript: without comments, and without the texts of strings, templates and regular expressions. */
  get code(): string {
    return this.#code;
  }

  /** True if what was read ends a statement, so that an operator cannot follow. */
  get isEnded(): boolean {
    return this.#last === '' || /[;{}]$/.test(this.#last);
  }

  /** True if nothing that was opened is still open. */
  get isBalanced(): boolean {
    return this.#open.length === 0;
  }

  get atStatement(): boolean {
    const top = this.#open.at(-1);
    if (top !== undefined && top !== '{') return false;
    return this.#last === '' || /[;{}]$/.test(this.#last) || !(CONTINUES.test(this.#last) && !/(\+\+|--)$/.test(this.#last));
  }

  /** Reads a line. Returns true if it contains more than blanks and comments. */
  line(text: string): boolean {
    let hasCode = false;
    this.#code += '\n';
    for (let i = 0; i < text.length; ) {
      const top = this.#open.at(-1);
      if (top === '*') {
        const end = text.indexOf('*/', i);
        if (end < 0) return hasCode;
        this.#open.pop();
        i = end + 2;
      } else if (top === '`') {
        hasCode = true;
        i = this.#template(text, i);
      } else if (text.startsWith('//', i)) return hasCode;
      else if (text.startsWith('/*', i)) {
        this.#open.push('*');
        i += 2;
      } else {
        const character = text[i] ?? '';
        if (character.trim() !== '') hasCode = true;
        i = this.#readCode(text, i, character);
      }
    }
    return hasCode;
  }

  #readCode(text: string, i: number, character: string): number {
    this.#code += character;
    if (character.trim() === '') return i + 1;
    if (character === '"' || character === "'") {
      this.#last = character;
      this.#code += character;
      return afterQuoted(text, i + 1, character);
    }
    if (character === '/' && this.#regexMayBegin() && !isOfTag(text, i)) {
      this.#last = '/ ';
      this.#code += './';
      return afterRegex(text, i + 1);
    }
    if (character === '`') this.#open.push('`');
    else if ('([{'.includes(character)) this.#open.push(character);
    else if (')]}'.includes(character)) this.#open.pop();
    this.#last = (this.#last + character).slice(-12);
    return i + 1;
  }

  #template(text: string, i: number): number {
    if (text[i] === '\\') return i + 2;
    if (text[i] === '`') {
      this.#open.pop();
      this.#last = '`';
      this.#code += '`';
      return i + 1;
    }
    if (text.startsWith('${', i)) {
      // What is in it is an expression.
      this.#open.push('${');
      this.#last = '';
      this.#code += '${';
      return i + 2;
    }
    return i + 1;
  }

  #regexMayBegin(): boolean {
    return REGEX_AFTER.test(this.#last);
  }
}

function afterQuoted(text: string, from: number, quote: string): number {
  for (let i = from; i < text.length; i += 1) {
    if (text[i] === '\\') i += 1;
    else if (text[i] === quote) return i + 1;
  }
  return text.length;
}

function afterRegex(text: string, from: number): number {
  let inClass = false;
  for (let i = from; i < text.length; i += 1) {
    if (text[i] === '\\') i += 1;
    else if (text[i] === '[') inClass = true;
    else if (text[i] === ']') inClass = false;
    else if (text[i] === '/' && !inClass) return i + 1;
  }
  return text.length;
}
