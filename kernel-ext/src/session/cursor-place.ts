import { isOfTag } from '../magics/index.js';

/** What the cursor is in. `text` is a string or a template; `from` is behind its opening quote. */
export type CursorPlace =
  | { readonly kind: 'code' /** Offsets of the brackets that are open. */; readonly open: readonly number[] }
  | { readonly kind: 'text'; readonly from: number; readonly quote: string; readonly open: readonly number[] }
  | { readonly kind: 'comment' }
  | { readonly kind: 'pattern' };

/** After these characters and words a `/` begins a regular expression. */
const PATTERN_AFTER = /(?:^|[=(,:[!&|?{};+\-*%<>~^]|\b(?:return|typeof|case|in|of|delete|void|throw|await|yield))\s*$/;

/** Reads the code in front of the cursor, which may be half typed. */
export function placeAt(code: string, cursor: number): CursorPlace {
  const open: number[] = [];
  /** How many brackets were open where each `${` of a template began. */
  const templates: { readonly depth: number; readonly from: number }[] = [];
  for (let i = 0; i < cursor; ) {
    const character = code[i] as string;
    const two = code.slice(i, i + 2);
    if (two === '//' || two === '/*') {
      const end = two === '//' ? code.indexOf('\n', i) : code.indexOf('*/', i + 2) + 1;
      if (end <= 0 || end >= cursor) return { kind: 'comment' };
      i = end + 1;
    } else if (character === '"' || character === "'") {
      const end = afterQuoted(code, i + 1, cursor, character);
      if (end === undefined) return { kind: 'text', from: i + 1, quote: character, open };
      i = end;
    } else if (character === '`' || (character === '}' && templates.at(-1)?.depth === open.length)) {
      const from = character === '`' ? i + 1 : (templates.pop()?.from ?? i + 1);
      const end = afterTemplate(code, i + 1, cursor);
      if (end === undefined) return { kind: 'text', from, quote: '`', open };
      if (code[end - 1] === '{') templates.push({ depth: open.length, from });
      i = end;
    } else if (character === '/' && PATTERN_AFTER.test(code.slice(Math.max(0, i - 20), i)) && !isOfTag(code, i)) {
      const end = afterPattern(code, i + 1, cursor);
      if (end === undefined) return { kind: 'pattern' };
      i = end;
    } else {
      if ('([{'.includes(character)) open.push(i);
      else if (')]}'.includes(character)) open.pop();
      i += 1;
    }
  }
  return { kind: 'code', open };
}

/** `undefined` if the string does not end in front of the cursor. A line's end ends it, as for the parser. */
function afterQuoted(code: string, from: number, cursor: number, quote: string): number | undefined {
  for (let i = from; i < cursor; i += 1) {
    if (code[i] === '\\') i += 1;
    else if (code[i] === quote || code[i] === '\n') return i + 1;
  }
  return undefined;
}

/** Behind the closing quote, or behind a `${`. */
function afterTemplate(code: string, from: number, cursor: number): number | undefined {
  for (let i = from; i < cursor; i += 1) {
    if (code[i] === '\\') i += 1;
    else if (code[i] === '`') return i + 1;
    else if (code.startsWith('${', i) && i + 2 <= cursor) return i + 2;
  }
  return undefined;
}

function afterPattern(code: string, from: number, cursor: number): number | undefined {
  let inClass = false;
  for (let i = from; i < cursor; i += 1) {
    if (code[i] === '\\') i += 1;
    else if (code[i] === '[') inClass = true;
    else if (code[i] === ']') inClass = false;
    else if (code[i] === '\n') return i;
    else if (code[i] === '/' && !inClass) return i + 1;
  }
  return undefined;
}
