import { duration, type OptionSpec, parseOptions } from '../../../core/index.js';
import type { HedgingConfig } from '../config.js';

const maxExtra: OptionSpec<number> = {
  doc: 'Share of the requests that may be sent twice, above 0 and up to 1. It limits the extra load when all replicas are slow. Raise it if there is room for more copies.',
  type: 'number',
  expected: 'a number above 0 and up to 1',
  default: 0.1,
  parse: (value) => (typeof value === 'number' && value > 0 && value <= 1 ? value : undefined),
};

/** Every option of `hedging`. */
export const HEDGING_OPTIONS = {
  delay: duration({
    doc: 'How long to wait for the beginning of an answer before a copy is sent to another replica. Set it to the time within which 95 of 100 requests are answered.',
    where: 'hedging.delay',
    default: 50,
  }),
  maxExtra,
} as const;

/** Checks the option `hedging` and converts it for the cluster. @throws NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION, NBS_INVALID_DURATION */
export function hedgingConfig(options: Readonly<Record<string, unknown>>): HedgingConfig {
  const values = parseOptions('serve.deployment, hedging', HEDGING_OPTIONS, options);
  return { delayMs: values.delay, maxExtra: values.maxExtra };
}
