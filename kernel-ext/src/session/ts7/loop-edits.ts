import { LOOP_CALL } from '../cell-function.js';
import type { Edit } from '../mapped-text.js';
import { children, isNode, type SyntaxNode } from '../syntax.js';
import type { Closing } from '../using.js';

const LOOPS = new Set(['ForStatement', 'ForInStatement', 'ForOfStatement', 'WhileStatement', 'DoWhileStatement']);
const CALLS = new Set(['CallExpression', 'OptionalCallExpression', 'NewExpression', 'TaggedTemplateExpression']);

/**
 * Adds a call of an empty function of the kernel to each loop that calls something. V8 looks for interrupts at the start of each JavaScript function, but in
 * a loop only after a number of instructions: in `for (;;) JSON.parse(text)` this would take minutes.
 * @returns the edits before and after the bodies of loops; at the same place, the former come before other edits, and the latter after them
 */
export function loopEdits(program: SyntaxNode, text: string): { readonly before: Edit[]; readonly behind: Closing[] } {
  const before: Edit[] = [];
  const behind: Closing[] = [];
  const visit = (node: SyntaxNode): boolean => {
    let calls = CALLS.has(node.type);
    for (const child of children(node)) if (visit(child)) calls = true;
    const { body } = node;
    if (LOOPS.has(node.type) && calls && isNode(body)) {
      const insert = (at: number, text: string): Edit => ({ start: at, end: at, text });
      if (body.type === 'BlockStatement') before.push(insert(body.start + 1, ` ${LOOP_CALL}`));
      else {
        before.push(insert(body.start, `{ ${LOOP_CALL} `));
        behind.push({ ...insert(body.end, ' }'), opened: body.start });
      }
    }
    return calls;
  };
  if (/\b(?:for|while|do)\b/.test(text)) visit(program);
  return { before, behind };
}
