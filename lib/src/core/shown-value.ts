/** A wrong value for a message, as JSON if it has that form. It never throws, also if the value contains itself or a BigInt. */
export function shownValue(value: unknown): string {
  try {
    return JSON.stringify(value) ?? typeof value;
  } catch {
    return typeof value === 'bigint' ? `${value}n` : `a value of type ${typeof value}`;
  }
}

/** A value as a text. It never throws, also if the value has no prototype, as the groups of a match. */
export function plainText(value: unknown): string {
  try {
    return String(value);
  } catch {
    return shownValue(value);
  }
}
