const MOST = 20;

/** Names for a message: `a, b, c`, `none`, and of very many the first ones. */
export function listOf(names: readonly string[]): string {
  if (names.length === 0) return 'none';
  if (names.length <= MOST) return names.join(', ');
  return `${names.slice(0, MOST).join(', ')} and ${names.length - MOST} more`;
}
