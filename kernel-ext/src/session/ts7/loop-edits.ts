import type { Edit } from '../mapped-text.js';
import { isNode, type SyntaxNode } from '../syntax.js';

const LOOPS = new Set(['ForStatement', 'ForInStatement', 'ForOfStatement', 'WhileStatement', 'DoWhileStatement']);
const CALLS = new Set(['CallExpression', 'OptionalCallExpression', 'NewExpression', 'TaggedTemplateExpression']);

/**
 * Loops that call something call a function of the kernel's that does nothing, too. V8 looks for interrupts where a function begins, but in a loop only
 * after so many instructions: `for (;;) JSON.parse(text)` would come to that after minutes.
 * @returns the edits before and behind what is in the loops: the former have to come before other edits at the same place, the latter behind them
 */
export function loopEdits(program: SyntaxNode): { readonly before: Edit[]; readonly behind: Edit[] } {
  const before: Edit[] = [];
  const behind: Edit[] = [];
  const visit = (node: SyntaxNode): boolean => {
    let calls = CALLS.has(node.type);
    for (const key in node) {
      if (key === 'loc' || key === 'extra' || key === 'errors') continue;
      const value = node[key];
      for (const child of Array.isArray(value) ? value : [value]) if (isNode(child) && visit(child)) calls = true;
    }
    const { body } = node;
    if (LOOPS.has(node.type) && calls && isNode(body)) {
      const insert = (at: number, text: string): Edit => ({ start: at, end: at, text });
      if (body.type === 'BlockStatement') before.push(insert(body.start + 1, ' __nbs_loop();'));
      else {
        before.push(insert(body.start, '{ __nbs_loop(); '));
        behind.push(insert(body.end, ' }'));
      }
    }
    return calls;
  };
  visit(program);
  return { before, behind };
}
