import type { Edit } from './mapped-text.js';
import { closing, isNode, opening, type SyntaxNode, walk } from './syntax.js';

/** An edit that closes what another edit has opened. */
export interface Closing extends Edit {
  /** The offset at which the other edit stands. */
  readonly opened: number;
}

/** Puts those that stand at the same place in order: what was opened last is closed first. */
export const innerFirst = (closings: readonly Closing[]): Closing[] => closings.toSorted((a, b) => b.opened - a.opened);

/**
 * `using` and `await using`, which TypeScript 5.0 cannot parse. At the top of a cell the resource is disposed of when the cell has ended; in a block
 * the block becomes `{ const s = __nbs_scope(); try { … } catch (e) { throw s.failed(e) } finally { s.end() } }`, all on the lines it had.
 * @returns the edits that open something, which come before other edits at the same place, and those that close it, which come after them
 */
export function usingEdits(program: SyntaxNode, text: string): { readonly before: Edit[]; readonly behind: Closing[] } {
  const before: Edit[] = [];
  const behind: Closing[] = [];
  if (!/\busing\b/.test(text)) return { before, behind };
  let count = 0;
  const declare = (statement: SyntaxNode, scope: string): void => {
    const awaits = statement.kind === 'await using';
    const declarators = statement.declarations as SyntaxNode[];
    const [first] = declarators;
    if (first === undefined) return;
    before.push({ start: statement.start, end: first.start, text: 'const ' });
    for (const { init } of declarators) {
      if (!isNode(init)) continue;
      const [from, to] = [opening(init), closing(text, init)];
      before.push({ start: from, end: from, text: `${scope}.${awaits ? 'useAsync' : 'use'}(` });
      behind.push({ start: to, end: to, text: ')', opened: from });
    }
  };
  walk(program, (node) => {
    if (node.type === 'ForStatement' && isNode(node.init) && /using$/.test(String(node.init.kind))) {
      const scope = `__nbs_scope_${count++}`;
      // The word is replaced, and not only preceded, because a loop that is closed at the same place must be closed first.
      before.push({ start: node.start, end: node.start + 'for'.length, text: `{ const ${scope} = __nbs_scope(); try { for` });
      declare(node.init, scope);
      behind.push({
        start: node.end,
        end: node.end,
        text: `${ending(scope, node.init.kind === 'await using')} }`,
        opened: node.start,
      });
      return undefined;
    }
    const isProgram = node.type === 'Program';
    if (!isProgram && node.type !== 'BlockStatement' && node.type !== 'StaticBlock') return undefined;
    const declarations = (node.body as SyntaxNode[]).filter(
      (statement) => statement.kind === 'using' || statement.kind === 'await using',
    );
    if (declarations.length === 0) return undefined;
    const awaits = declarations.some((statement) => statement.kind === 'await using');
    const scope = isProgram ? '__nbs_cell_scope' : `__nbs_scope_${count++}`;
    if (!isProgram) {
      // `static {` begins with a word.
      const inside = text.indexOf('{', node.start) + 1;
      before.push({ start: inside, end: inside, text: ` const ${scope} = __nbs_scope(); try {` });
      behind.push({ start: node.end - 1, end: node.end - 1, text: ending(scope, awaits), opened: inside });
    }
    for (const statement of declarations) declare(statement, scope);
    return undefined;
  });
  return { before, behind };
}

function ending(scope: string, awaits: boolean): string {
  const end = awaits ? `await ${scope}.endAsync();` : `${scope}.end();`;
  return `} catch ($e) { throw ${scope}.failed($e); } finally { ${end} }`;
}
