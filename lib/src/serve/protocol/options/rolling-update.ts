import { InvalidOption, type OptionSpec, parseOptions } from '../../../core/index.js';
import type { ReplicaAmount, RollingUpdate } from '../config.js';

const amount = (doc: string, fallback: number): OptionSpec<ReplicaAmount> => ({
  doc,
  type: 'number | `${number}%`',
  expected: "an integer of at least 0, or a share such as '25%'",
  default: fallback,
  parse: (value) => (isAmount(value) ? value : undefined),
});

/** Every option of `rollingUpdate`. */
export const ROLLING_UPDATE_OPTIONS = {
  maxSurge: amount(
    'How many replicas above `numReplicas` may run during an update; a share is rounded up. Raise it if there is room: the update is faster then.',
    1,
  ),
  maxUnavailable: amount(
    'How many replicas below `numReplicas` may run during an update; a share is rounded down. Set it above 0 if there is no room for an additional replica.',
    0,
  ),
} as const;

/** @throws NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION */
export function rollingUpdate(options: Readonly<Record<string, unknown>>): RollingUpdate {
  const where = 'rollingUpdate';
  const update = parseOptions(where, ROLLING_UPDATE_OPTIONS, options);
  // With these values, no replica could ever be replaced.
  if (Object.values(update).every((each) => Number.parseFloat(String(each)) === 0))
    throw InvalidOption({
      where,
      option: 'maxSurge',
      expected: 'above 0 when maxUnavailable is 0',
      value: String(update.maxSurge),
    });
  return update;
}

function isAmount(value: unknown): value is ReplicaAmount {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0;
  return typeof value === 'string' && /^\d{1,3}(\.\d+)?%$/.test(value) && Number.parseFloat(value) <= 100;
}
