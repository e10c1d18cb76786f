import { InvalidOption, type OptionSpec } from '../../core/index.js';

/** One number, or one for each channel. */
export type PerChannel = number | readonly number[];

export const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
const isDivisor = (value: unknown): value is number => isNumber(value) && value !== 0;

/** What a channel of a normalisation may have. */
export const isAllowed = { mean: isNumber, std: isDivisor } as const;

const perChannel = <D>(option: 'mean' | 'std', doc: string, expected: string, fallback: D): OptionSpec<PerChannel | D> => ({
  doc,
  expected: `${expected}, or an array of one for each channel`,
  default: fallback,
  parse: (value) => ([value].flat().every((each) => isAllowed[option](each)) ? (value as PerChannel) : undefined),
});
export const meanOption = <D>(fallback: D): OptionSpec<PerChannel | D> =>
  perChannel('mean', 'Subtracted after scaling.', 'a number', fallback);
export const stdOption = <D>(fallback: D): OptionSpec<PerChannel | D> =>
  perChannel('std', 'Divisor after that.', 'a number other than 0', fallback);

/** A value for each channel. @throws NBS_INVALID_OPTION if there is another number of values */
export function eachChannel(where: string, option: 'mean' | 'std', value: PerChannel, channels: number): readonly number[] {
  if (typeof value === 'number') return new Array<number>(channels).fill(value);
  if (value.length === channels) return value;
  throw InvalidOption({ where, option, expected: `${channels} numbers`, value: `${value.length}` });
}
