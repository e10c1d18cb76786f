/**
 * JavaScript can cut a character such as an emoji into the two halves of its surrogate pair, and UTF-8 has no form for a half. Node writes `\ufffd` in its
 * place. Python refuses to write it, so one of them in an output would make a notebook that cannot be saved.
 */

/** `JSON.stringify` writes halves that stand alone, and only these, as `\ud83d`. Behind an odd number of backslashes, the text itself has the backslash. */
const ALONE = /(?<!\\)((?:\\\\)*)\\ud[89a-f][0-9a-f]{2}/g;

/** @param json from `JSON.stringify` @returns the same, with `\ufffd` for each half of a pair that stands alone */
export const wellFormedJson = (json: string): string => (json.includes('\\ud') ? json.replace(ALONE, '$1\ufffd') : json);

/** Whether the text ends with the first half of a pair. */
export function endsWithHalf(text: string): boolean {
  const last = text.charCodeAt(text.length - 1);
  return last >= 0xd800 && last <= 0xdbff;
}

/** The first `units` UTF-16 units of a text, or one less if they would end with half of a pair. */
export function beginningOf(text: string, units: number): string {
  if (text.length <= units) return text;
  const beginning = text.slice(0, units);
  return endsWithHalf(beginning) ? beginning.slice(0, -1) : beginning;
}
