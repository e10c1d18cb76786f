/** The name that `wrong` was probably meant to be: the one with the fewest changed letters, at most a third of them. Letter case and `_` do not count. */
export function nearest(wrong: string, names: readonly string[]): string | undefined {
  const given = plain(wrong);
  let best: string | undefined;
  let least = Math.floor(Math.max(given.length, 3) / 3) + 1;
  for (const name of names) {
    const changes = distance(given, plain(name), least);
    if (changes < least) [best, least] = [name, changes];
  }
  return best;
}

/** Longer names are cut, because the time grows with the square of the length. */
const LONGEST = 64;
const plain = (name: string): string =>
  name
    .toLowerCase()
    .replaceAll(/[_\-\s]/g, '')
    .slice(0, LONGEST);

/** The Levenshtein distance, or `limit` if it is at least that. */
function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return Math.min(row[b.length] as number, limit);
}
