import { type Node, SyntaxKind } from 'typescript7/unstable/ast';
import { ObjectFlags, type ObjectType, type Type, TypeFlags, type Symbol as TypeSymbol } from 'typescript7/unstable/sync';

/** The type is that of a class's instances, which have their methods from it: JSON leaves them out. */
export const inInstance = (type: Type): boolean =>
  Boolean(type.flags & TypeFlags.Object && (type as ObjectType).objectFlags & ObjectFlags.Class) ||
  (type.isTypeReference() && Boolean((type.getTarget() as ObjectType).objectFlags & ObjectFlags.Class));

/** What JSON leaves out of a class's instance, and what TypeScript calls private. */
export function isHidden(symbol: TypeSymbol, type: Type): boolean {
  if (!inInstance(type)) return false;
  const node = symbol.valueDeclaration?.resolve() as
    | (Node & { readonly name?: Node; readonly modifiers?: readonly Node[] })
    | undefined;
  if (node === undefined) return false;
  if (node.name?.kind === SyntaxKind.PrivateIdentifier || node.kind === SyntaxKind.GetAccessor) return true;
  return (node.modifiers ?? []).some(({ kind }) => kind === SyntaxKind.PrivateKeyword || kind === SyntaxKind.ProtectedKeyword);
}
