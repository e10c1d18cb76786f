import { isNode, type SyntaxNode } from '../syntax.js';

/**
 * What the blocks `declare global` and `declare module '…'` of a cell declare: a key for each member of an interface and for each other name, and the code
 * that declares it.
 */
export type Augmentations = ReadonlyMap<string, readonly SyntaxNode[]>;

const nameOf = (node: unknown): string => {
  const { name, value } = (isNode(node) ? node : {}) as { name?: string; value?: unknown };
  return name ?? String(value ?? '');
};

export function augmentationsIn(program: SyntaxNode): Augmentations {
  const found = new Map<string, SyntaxNode[]>();
  const add = (key: string, node: SyntaxNode): void => void found.set(key, [...(found.get(key) ?? []), node]);
  const visit = (place: string, statement: SyntaxNode): void => {
    const inner = isNode(statement.declaration) ? statement.declaration : statement;
    const body = isNode(inner.body) ? (inner.body.body as SyntaxNode[] | undefined) : undefined;
    if (inner.type === 'TSModuleDeclaration') {
      for (const one of body ?? []) visit(`${place} ${nameOf(inner.id)}`, one);
    } else if (inner.type === 'TSInterfaceDeclaration') {
      for (const member of body ?? []) {
        // Signatures of calls and indexes have no name.
        const name = isNode(member.key) && member.computed !== true ? nameOf(member.key) : member.type;
        add(`${place} ${nameOf(inner.id)}.${name}`, member);
      }
    } else if (inner.type === 'VariableDeclaration') {
      for (const { id } of inner.declarations as SyntaxNode[]) add(`${place} ${nameOf(id)}`, statement);
    } else if (isNode(inner.id)) add(`${place} ${nameOf(inner.id)}`, statement);
  };
  for (const statement of program.body as SyntaxNode[]) {
    const isAugmentation =
      statement.type === 'TSModuleDeclaration' &&
      (statement.kind === 'global' || (isNode(statement.id) && statement.id.type === 'StringLiteral'));
    if (isAugmentation) visit('', statement);
  }
  return found;
}
