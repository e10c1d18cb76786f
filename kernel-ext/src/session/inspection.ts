import { withoutMagics } from './completion.js';
import type { Converter, Inspection } from './converter.js';
import type { InspectReply } from './session.js';

/** What the types know of the name at the cursor, or of the function whose arguments the cursor is in. */
export function inspectCell(converter: Converter, scope: string, code: string, cursor: number, detail: number): InspectReply {
  const text = withoutMagics(code);
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

/** The cursor may be behind the name (`serve.run|`), or behind its opening bracket (`serve.run(|`). */
function at(converter: Converter, scope: string, text: string, cursor: number): Inspection | undefined {
  for (const offset of new Set([cursor, cursor - 1, callee(text, cursor)])) {
    if (offset < 0) continue;
    const found = converter.inspect(scope, text, offset);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Offset of the last character of the function that is being called at `cursor`. */
function callee(text: string, cursor: number): number {
  let depth = 0;
  for (let i = cursor - 1; i >= 0; i--) {
    if (text[i] === ')') depth++;
    else if (text[i] === '(' && depth-- === 0) return i - 1;
  }
  return -1;
}

const SHORT = 1_500;

function firstParagraphs(text: string): string {
  return text.length <= SHORT ? text : `${text.slice(0, SHORT)}…`;
}
