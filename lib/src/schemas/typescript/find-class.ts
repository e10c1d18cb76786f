import { getTokenPosOfNode, type Node, type SourceFile, SyntaxKind } from 'typescript7/unstable/ast';

type Call = Node & {
  readonly expression: Node & { readonly name?: Identifier; readonly text?: string };
  readonly arguments: readonly Node[];
};
type Identifier = Node & { readonly text: string };
type Named = Node & { readonly name?: Identifier };

/** The function in which the kernel wraps a class that is given to `serve.deployment`; see `instrument`. */
const TAG = '__nbs_source';
const DEPLOYS = new Set(['deployment', 'ingress']);

/**
 * Returns the first argument of a call of `serve.deployment`, or of a function that calls it. @param at the offset that the engine reports for the call:
 * inside its callee, or at its opening bracket
 */
export function deployedAt(file: SourceFile, at: number): Node | undefined {
  const calls = callsIn(file).filter((call) => call.arguments.length > 0);
  const startOf = (node: Node): number => getTokenPosOfNode(node, file);
  const exact = calls.findLast((call) => startOf(call) <= at && at <= startOf(call.arguments[0] as Node));
  if (exact !== undefined) return exact.arguments[0];
  // Some source maps know only the statement, so any call of the same line is accepted if it is the only one.
  const { line } = positionIn(file.text, at);
  const same = calls.filter((call) => DEPLOYS.has(calleeName(call)) && positionIn(file.text, startOf(call)).line === line);
  return same.length === 1 ? same[0]?.arguments[0] : undefined;
}

/** Finds the class that the kernel has tagged with this id. */
export function taggedWith(file: SourceFile, id: string): Node | undefined {
  const tagged = callsIn(file).find(
    (call) => calleeName(call) === TAG && (call.arguments[0] as Identifier | undefined)?.text === id,
  );
  return tagged?.arguments[1];
}

/** Finds the name in the declaration of a class, or of a variable that holds one. */
export function nameIn(file: SourceFile, name: string): Node | undefined {
  let found: Node | undefined;
  visit(file, (node) => {
    const { kind } = node;
    const isDeclaration =
      kind === SyntaxKind.ClassDeclaration || kind === SyntaxKind.VariableDeclaration || kind === SyntaxKind.ClassExpression;
    const own = isDeclaration ? (node as Named).name : undefined;
    if (own?.text === name) found ??= own;
  });
  return found;
}

/** Returns the offset of a line and a column, both from 1. */
export function offsetOf(text: string, line: number, column: number): number {
  let at = 0;
  for (let n = 1; n < line; n += 1) {
    const end = text.indexOf('\n', at);
    if (end < 0) return text.length;
    at = end + 1;
  }
  return at + column - 1;
}

function positionIn(text: string, offset: number): { readonly line: number } {
  return { line: text.slice(0, offset).split('\n').length };
}

function callsIn(file: SourceFile): readonly Call[] {
  const calls: Call[] = [];
  visit(file, (node) => {
    if (node.kind === SyntaxKind.CallExpression) calls.push(node as Call);
  });
  return calls;
}

const calleeName = ({ expression }: Call): string => expression.name?.text ?? expression.text ?? '';

function visit(node: Node, look: (node: Node) => void): void {
  look(node);
  node.forEachChild((child) => {
    visit(child, look);
  });
}
