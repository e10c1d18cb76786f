import type { Edit } from './mapped-text.js';
import { closing, isNode, opening, type SyntaxNode, walk } from './syntax.js';

/**
 * `using` and `await using`, which TypeScript 5.0 cannot parse. At the top of a cell the resource is disposed of when the cell has ended; in a block
 * the block becomes `{ const s = __nbs_scope(); try { … } catch (e) { throw s.failed(e) } finally { s.end() } }`, all on the lines it had.
 */
export function usingEdits(program: SyntaxNode, text: string): Edit[] {
  const edits: Edit[] = [];
  if (!/\busing\b/.test(text)) return edits;
  let count = 0;
  walk(program, (node) => {
    if (node.type === 'ForStatement' && isNode(node.init) && /using$/.test(String(node.init.kind))) {
      const scope = `__nbs_scope_${count++}`;
      edits.push({ start: node.start, end: node.start, text: `{ const ${scope} = __nbs_scope(); try {` });
      edits.push(...declarationEdits(node.init, scope, text));
      edits.push({ start: node.end, end: node.end, text: `${ending(scope, node.init.kind === 'await using')} }` });
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
      edits.push({ start: inside, end: inside, text: ` const ${scope} = __nbs_scope(); try {` });
      edits.push({ start: node.end - 1, end: node.end - 1, text: ending(scope, awaits) });
    }
    for (const statement of declarations) edits.push(...declarationEdits(statement, scope, text));
    return undefined;
  });
  return edits;
}

function ending(scope: string, awaits: boolean): string {
  const end = awaits ? `await ${scope}.endAsync();` : `${scope}.end();`;
  return `} catch ($e) { throw ${scope}.failed($e); } finally { ${end} }`;
}

function declarationEdits(statement: SyntaxNode, scope: string, text: string): Edit[] {
  const awaits = statement.kind === 'await using';
  const declarators = statement.declarations as SyntaxNode[];
  const first = declarators[0];
  if (first === undefined) return [];
  const edits: Edit[] = [{ start: statement.start, end: first.start, text: 'const ' }];
  for (const declarator of declarators) {
    const { init } = declarator;
    if (!isNode(init)) continue;
    const [from, to] = [opening(init), closing(text, init)];
    edits.push({ start: from, end: from, text: `${scope}.${awaits ? 'useAsync' : 'use'}(` }, { start: to, end: to, text: ')' });
  }
  return edits;
}
