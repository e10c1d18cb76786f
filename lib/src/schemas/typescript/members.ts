import { type Node, SyntaxKind } from 'typescript7/unstable/ast';
import { ObjectFlags, type ObjectType, type Type, TypeFlags, type Symbol as TypeSymbol } from 'typescript7/unstable/sync';

/** True if the type is that of a class's instances. Their methods come from the class, and JSON leaves them out. */
export const inInstance = (type: Type): boolean =>
  Boolean(type.flags & TypeFlags.Object && (type as ObjectType).objectFlags & ObjectFlags.Class) ||
  (type.isTypeReference() && Boolean((type.getTarget() as ObjectType).objectFlags & ObjectFlags.Class));

/** True if JSON leaves the member of an instance out, or if it is private or protected in TypeScript. */
export function isHidden(symbol: TypeSymbol, type: Type): boolean {
  if (!inInstance(type)) return false;
  const node = symbol.valueDeclaration?.resolve() as
    | (Node & { readonly name?: Node; readonly modifiers?: readonly Node[] })
    | undefined;
  if (node === undefined) return false;
  if (node.name?.kind === SyntaxKind.PrivateIdentifier || node.kind === SyntaxKind.GetAccessor) return true;
  return (node.modifiers ?? []).some(({ kind }) => kind === SyntaxKind.PrivateKeyword || kind === SyntaxKind.ProtectedKeyword);
}
