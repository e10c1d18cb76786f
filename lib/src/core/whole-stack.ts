import { plainText } from './shown-value.js';

/** As many causes of causes are written. */
const MAX_DEPTH = 8;

/** The stack of an error, and below it those of its causes and, if it is an AggregateError, of the errors in it. */
export function wholeStack(error: Error, depth = 0): string {
  const inside = (label: string, inner: unknown) => {
    if (depth === MAX_DEPTH) return `${label}: …`;
    return `${label}: ${inner instanceof Error ? wholeStack(inner, depth + 1) : plainText(inner)}`;
  };
  return [
    error.stack ?? plainText(error),
    ...(error instanceof AggregateError ? error.errors.map((each) => inside('[error]', each)) : []),
    ...(error.cause === undefined ? [] : [inside('Caused by', error.cause)]),
  ].join('\n');
}
