import { type LiteralType, type TemplateLiteralType, type Type, TypeFlags } from 'typescript7/unstable/sync';

/** Matches the text of a number. */
export const NUMBER_PATTERN = '-?[0-9]+(\\.[0-9]+)?([eE][+\\-]?[0-9]+)?';
/** Matches the text of a bigint. */
export const BIGINT_PATTERN = '-?[0-9]+';
/** Reading a BigInt takes more than linear time, and a client sends its digits. The largest RSA keys in use have 4933. */
export const BIGINT_TEXT = { pattern: `^${BIGINT_PATTERN}$`, maxLength: 10_000 };
const ANY_TEXT = '[\\s\\S]*';

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
const isNumeric = (pattern: string | undefined): boolean => pattern === NUMBER_PATTERN || pattern === BIGINT_PATTERN;

/** Returns a regular expression for the texts of a template literal type, such as `${number}px`. */
export function templatePattern(type: TemplateLiteralType): string {
  return joinedPattern([
    escaped(type.texts[0] ?? ''),
    ...type.getTypes().flatMap((part, i) => [partPattern(part), escaped(type.texts[i + 1] ?? '')]),
  ]);
}

/**
 * Joins patterns so that the time of a check grows with the length of the text alone, because the text is a stranger's: `.*@.*\..*` would be tried from each
 * `@` to each dot. So each text of any kind ends at the first place at which the pattern after it matches.
 */
export function joinedPattern(parts: readonly string[]): string {
  const groups: string[][] = [[]];
  for (const part of parts.filter((each) => each !== '')) {
    if (part === ANY_TEXT) groups.push([]);
    else groups.at(-1)?.push(part);
  }
  if (groups.length === 1) return parts.join('');
  // A text takes the other characters of a number beside it. If the number is tried too, that is quadratic.
  groups.forEach((group, i) => {
    if (i > 0 && isNumeric(group[0])) group[0] = '[0-9]';
    if (i < groups.length - 1 && isNumeric(group.at(-1))) group[group.length - 1] = '-?[0-9]';
  });
  const [first = '', ...others] = groups.map((group) => group.join(''));
  const last = others.pop() ?? '';
  return (
    first +
    others
      .filter((each) => each !== '')
      .map((each) => before(each) + each)
      .join('') +
    ANY_TEXT +
    last
  );
}

/** The text before the first place at which the pattern matches. */
const before = (pattern: string): string => (/^\\?[^\\]$/u.test(pattern) ? `[^${pattern}]*` : `(?:(?!${pattern})[\\s\\S])*`);

function partPattern(type: Type): string {
  if (type.flags & TypeFlags.Literal) return escaped(String((type as LiteralType).value));
  if (type.isUnionType()) return `(${type.getTypes().map(partPattern).join('|')})`;
  if (type.flags & TypeFlags.NumberLike) return NUMBER_PATTERN;
  return type.flags & TypeFlags.BigIntLike ? BIGINT_PATTERN : ANY_TEXT;
}
