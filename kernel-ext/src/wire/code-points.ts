/** Jupyter counts cursor positions in Unicode code points, JavaScript in UTF-16 units. */

/** @param index position in code points; if it is past the end, the result is the end */
export function toUtf16(text: string, index: number): number {
  let at = 0;
  for (let n = 0; n < index && at < text.length; n += 1) at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  return at;
}

/** @param index position in UTF-16 units */
export function toCodePoints(text: string, index: number): number {
  let count = 0;
  for (let at = 0; at < index && at < text.length; count += 1) at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  return count;
}
