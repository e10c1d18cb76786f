import { beginningOf } from 'nbserve/basics';
import type { SplitCell } from '../magics/index.js';
import { withoutMagics } from './completion.js';
import type { Converter, Inspection, Scope } from './converter.js';
import { placeAt } from './cursor-place.js';
import type { InspectReply } from './session.js';

/** What the types know of the name at the cursor, or of the function whose arguments the cursor is in. */
export function inspectCell(
  converter: Converter,
  scope: Scope,
  split: (code: string) => SplitCell,
  code: string,
  cursor: number,
  detail: number,
): InspectReply {
  const text = withoutMagics(code, split(code));
  const found = at(converter, scope, text, cursor);
  if (found === undefined) return { status: 'ok', found: false, data: {}, metadata: {} };
  const { signature, documentation } = found;
  const docs = documentation === '' ? '' : `\n\n${detail > 0 ? documentation : firstParagraphs(documentation)}`;
  return {
    status: 'ok',
    found: true,
    data: { 'text/plain': signature + docs, 'text/markdown': `\`\`\`typescript\n${signature}\n\`\`\`${docs}` },
    metadata: {},
  };
}

/** The cursor may be behind the name (`serve.run|`), or between the brackets of its call (`serve.run(app, |`). */
function at(converter: Converter, scope: Scope, text: string, cursor: number): Inspection | undefined {
  for (const offset of new Set([cursor, cursor - 1, ...callees(text, cursor)])) {
    if (offset < 0 || isKeyword(text, offset)) continue;
    const found = converter.inspect(scope, text, offset);
    if (found !== undefined) return withMethod(converter, scope, text, offset, found);
  }
  return undefined;
}

/** On the word `class` or `function`, TypeScript finds what follows it, which may have no name. */
function isKeyword(text: string, offset: number): boolean {
  const [before = ''] = /[\p{ID_Continue}$.]*$/u.exec(text.slice(0, offset)) ?? [];
  const [after = ''] = /^[\p{ID_Continue}$]*(?:\s*:)?/u.exec(text.slice(offset)) ?? [];
  return /^(?:class|function)$/.test(before + after);
}

/** Offsets of the last characters of the functions that are being called at `cursor`, the innermost first. */
function callees(text: string, cursor: number): number[] {
  const place = placeAt(text, cursor);
  if (place.kind === 'comment' || place.kind === 'pattern') return [];
  const calls = place.open.filter((offset) => text[offset] === '(').reverse();
  return calls.map((offset) => text.slice(0, offset).replace(/(?:<[^<>()]*>|\?\.)?\s*$/, '').length - 1);
}

/** `handle.method.remote(…)` says what the method does. */
function withMethod(converter: Converter, scope: Scope, text: string, offset: number, found: Inspection): Inspection {
  const method = /\.\s*[\p{ID_Continue}$]+(?=\s*\.\s*[remot]*\(?$)/u.exec(text.slice(0, offset + 1));
  if (method === null || !/^\(method\) (?:.*\.)?remote\(/.test(found.signature)) return found;
  const { documentation = '' } = converter.inspect(scope, text, method.index + method[0].length - 1) ?? {};
  if (documentation === '') return found;
  return { ...found, documentation: `${documentation}\n\n${found.documentation}` };
}

const SHORT = 1_500;

function firstParagraphs(text: string): string {
  return text.length <= SHORT ? text : `${beginningOf(text, SHORT)}…`;
}
