import { type Duration, type OptionSpec, parseOptions, toMs } from '../core/index.js';
import type { HedgingConfig } from './protocol/index.js';

const delay: OptionSpec<number> = {
  doc: 'Without the beginning of an answer after so long a second copy is sent.',
  expected: "milliseconds, or a text such as '50ms'",
  default: 50,
  parse: (value) => toMs(value as Duration, 'hedging.delay'),
};

const maxExtra: OptionSpec<number> = {
  doc: 'Share of the requests that may be sent twice.',
  expected: 'a number above 0 and up to 1',
  default: 0.1,
  parse: (value) => (typeof value === 'number' && value > 0 && value <= 1 ? value : undefined),
};

/** The option `hedging` in the form that the cluster works with. @throws NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION */
export function hedgingConfig(options: Readonly<Record<string, unknown>>): HedgingConfig {
  const values = parseOptions('serve.deployment, hedging', { delay, maxExtra }, options);
  return { delayMs: values.delay, maxExtra: values.maxExtra };
}
