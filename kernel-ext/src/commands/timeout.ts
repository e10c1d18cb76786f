import { BadUsage } from 'nbserve/cli';

/** The longest that a timer of Node's may take; more would end at once. */
const LONGEST_MS = 2 ** 31 - 1;

/** `--timeout <seconds>` in milliseconds; `null` is no limit. @throws NBS_BAD_USAGE */
export function parseTimeout(text: string | undefined, usage: string): number | null {
  if (text === undefined) return null;
  const ms = Number(text) * 1000;
  if (Number.isFinite(ms) && ms > 0) return ms > LONGEST_MS ? null : ms;
  throw BadUsage({ problem: `--timeout takes seconds, more than 0, not ${text}`, usage });
}
