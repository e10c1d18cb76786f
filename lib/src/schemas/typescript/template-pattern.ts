import { type LiteralType, type TemplateLiteralType, type Type, TypeFlags } from 'typescript7/unstable/sync';

/** Matches the text of a number. */
export const NUMBER_PATTERN = '-?[0-9]+(\\.[0-9]+)?([eE][+\\-]?[0-9]+)?';

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');

/** Returns a regular expression for the texts of a template literal type, such as `${number}px`. */
export function templatePattern(type: TemplateLiteralType): string {
  return type
    .getTypes()
    .reduce((pattern, part, i) => pattern + partPattern(part) + escaped(type.texts[i + 1] ?? ''), escaped(type.texts[0] ?? ''));
}

function partPattern(type: Type): string {
  if (type.flags & TypeFlags.Literal) return escaped(String((type as LiteralType).value));
  if (type.isUnionType()) return `(${type.getTypes().map(partPattern).join('|')})`;
  if (type.flags & TypeFlags.NumberLike) return NUMBER_PATTERN;
  return type.flags & TypeFlags.BigIntLike ? '-?[0-9]+' : '[\\s\\S]*';
}
