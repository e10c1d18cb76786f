/** The state after the beginning of a text that becomes a JSON object. Between tokens it is copied, because a token is tried before it is taken. */
interface State {
  /** What is open, outermost first: objects and lists. */
  open: string;
  /** What the next character may begin or continue. */
  at: 'start' | 'key' | 'first-key' | 'colon' | 'value' | 'first-value' | 'after' | 'string' | 'number' | 'word' | 'end';
  /** Inside of a string: whether it is a key, and what an escape still needs: '' none, '\\' its letter, or hex digits that are left. */
  isKey: boolean;
  escape: string;
  /** The characters of a number or word until now. */
  part: string;
  /** Characters of white space in a row: a model that finds no next token would write them for ever. */
  blanks: number;
}

const MOST_BLANKS = 32;
const WORDS = ['true', 'false', 'null'];
/** A number, and the beginning of one (RFC 8259, section 6). */
const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;
const BEGUN_NUMBER = /^-?((0|[1-9]\d*)(\.\d*)?([eE][+-]?\d*)?)?$/;
const BLANK = /^[ \n\r\t]$/;

/** Accepts the texts that are one JSON object (RFC 8259), token by token. */
export class JsonForm {
  #state: State = { open: '', at: 'start', isKey: false, escape: '', part: '', blanks: 0 };

  /** True if the object is complete. */
  get isComplete(): boolean {
    return this.#state.at === 'end';
  }

  /** Whether the text can go on with these characters. */
  allows(text: string): boolean {
    return next(this.#state, text) !== null;
  }

  /** @param text characters that are allowed */
  push(text: string): void {
    this.#state = next(this.#state, text) ?? this.#state;
  }
}

function next(from: State, text: string): State | null {
  const state = { ...from };
  if (text === '') return null;
  for (const char of text) if (!step(state, char)) return null;
  return state;
}

function step(state: State, char: string): boolean {
  if (state.at === 'string') return inString(state, char);
  if (state.at === 'number' || state.at === 'word') {
    const part = state.part + char;
    if (state.at === 'word' ? WORDS.some((word) => word.startsWith(part)) : BEGUN_NUMBER.test(part)) {
      state.part = part;
      return true;
    }
    if (!(state.at === 'word' ? WORDS.includes(state.part) : NUMBER.test(state.part))) return false;
    state.at = 'after';
  }
  if (BLANK.test(char)) {
    state.blanks += 1;
    return state.at !== 'start' && state.at !== 'end' && state.blanks <= MOST_BLANKS;
  }
  state.blanks = 0;
  switch (state.at) {
    case 'start':
      return char === '{' && begin(state, '{');
    case 'first-key':
    case 'key':
      if (char === '}' && state.at === 'first-key') return close(state, '{');
      return char === '"' && beginString(state, true);
    case 'colon':
      return char === ':' && to(state, 'value');
    case 'first-value':
    case 'value':
      return (char === ']' && state.at === 'first-value' && close(state, '[')) || beginValue(state, char);
    case 'after': {
      const inner = state.open.at(-1);
      if (char === ',') return to(state, inner === '{' ? 'key' : 'value');
      return char === (inner === '{' ? '}' : ']') && close(state, inner as string);
    }
    case 'end':
      return false;
  }
}

function beginValue(state: State, char: string): boolean {
  if (char === '{' || char === '[') return begin(state, char);
  if (char === '"') return beginString(state, false);
  state.part = char;
  if (/^[-\d]$/.test(char)) return to(state, 'number');
  return WORDS.some((word) => word.startsWith(char)) && to(state, 'word');
}

function begin(state: State, bracket: string): boolean {
  state.open += bracket;
  return to(state, bracket === '{' ? 'first-key' : 'first-value');
}

function close(state: State, bracket: string): boolean {
  if (state.open.at(-1) !== bracket) return false;
  state.open = state.open.slice(0, -1);
  return to(state, state.open === '' ? 'end' : 'after');
}

function beginString(state: State, isKey: boolean): boolean {
  state.isKey = isKey;
  state.escape = '';
  return to(state, 'string');
}

function inString(state: State, char: string): boolean {
  const needed = state.escape;
  if (needed === '\\') {
    state.escape = char === 'u' ? 'hhhh' : '';
    return /^["\\/bfnrtu]$/.test(char);
  }
  if (needed !== '') {
    state.escape = needed.slice(1);
    return /^[\da-fA-F]$/.test(char);
  }
  if (char === '\\') {
    state.escape = '\\';
    return true;
  }
  if (char === '"') return to(state, state.isKey ? 'colon' : 'after');
  return char >= ' ';
}

function to(state: State, at: State['at']): true {
  state.at = at;
  return true;
}
