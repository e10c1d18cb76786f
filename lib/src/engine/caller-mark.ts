// An operating system command of terminals, which they do not show. It comes before each line that a replica sends to the agent.
const OPEN = '\u001b]nbserve;';
const CLOSE = '\u0007';

/**
 * The mark before a line: that of the caller during whose call it is printed, or an empty one. A line outside of calls needs one too, because its text may
 * be a stranger's and contain the mark of a caller: the first mark counts.
 */
export const callerMark = (caller = ''): string => `${OPEN}${caller}${CLOSE}`;

/** A line without its marks, and the caller that the first of them names. */
export function readCallerMark(line: string): { readonly text: string; readonly caller: string | undefined } {
  let first: string | undefined;
  let text = '';
  let from = 0;
  for (;;) {
    const at = line.indexOf(OPEN, from);
    const end = at === -1 ? -1 : line.indexOf(CLOSE, at);
    if (end === -1) break;
    first ??= line.slice(at + OPEN.length, end);
    text += line.slice(from, at);
    from = end + CLOSE.length;
  }
  return { text: text + line.slice(from), caller: first === '' ? undefined : first };
}
