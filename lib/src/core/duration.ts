import { defineError } from './errors.js';

/** A duration: milliseconds, or a text such as `'30s'`, `'1.5m'`, `'250ms'`, `'2h'`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h'}`;

export const InvalidDuration = defineError(
  'NBS_INVALID_DURATION',
  400,
  "{option}: {value} is no duration; write milliseconds or a text such as '30s', '250ms', '5m'",
);

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/** Milliseconds of a duration. @throws NBS_INVALID_DURATION */
export function toMs(value: Duration, option = 'duration'): number {
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value;
  const match = typeof value === 'string' ? /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(value) : null;
  if (match === null) throw InvalidDuration({ option, value: JSON.stringify(value) ?? String(value) });
  return Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS];
}
