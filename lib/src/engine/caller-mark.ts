// An operating system command of terminals, which they do not show. It comes before each line that a replica sends to the agent.
const OPEN = '\u001b]nbserve;';
const CLOSE = '\u0007';

/** The mark before a line that is printed during a call. */
export const callerMark = (caller: string): string => `${OPEN}${caller}${CLOSE}`;

/** A line without its marks, and the caller that the first of them names. */
export function readCallerMark(line: string): { readonly text: string; readonly caller?: string | undefined } {
  let text = line;
  let caller: string | undefined;
  for (let at = text.indexOf(OPEN); at !== -1; at = text.indexOf(OPEN, at)) {
    const end = text.indexOf(CLOSE, at);
    if (end === -1) break;
    caller ??= text.slice(at + OPEN.length, end);
    text = text.slice(0, at) + text.slice(end + CLOSE.length);
  }
  return { text, caller };
}
