/** A duration: a number of milliseconds, or a text such as `'30s'`, `'1.5m'`, `'250ms'`, `'2h'`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h'}`;
