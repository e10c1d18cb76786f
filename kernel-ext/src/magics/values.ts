import { BadShellValue, withoutStack } from './errors.js';

/** The text of a value in a line: an array is its elements with blanks between them, another object is its JSON. @throws NBS_BAD_SHELL_VALUE */
function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join(' ');
  if (typeof value === 'string') return value;
  if (value === undefined || typeof value === 'function' || typeof value === 'symbol')
    throw withoutStack(BadShellValue({ what: value === undefined ? 'undefined' : `a ${typeof value}` }));
  if (typeof value !== 'object' || value === null) return String(value);
  if (value instanceof Date || value instanceof URL) return value instanceof Date ? value.toISOString() : value.href;
  return JSON.stringify(value);
}

/** The line with the values in it. */
export function filled(pieces: readonly string[], values: readonly unknown[]): string {
  return pieces.map((piece, i) => (i === 0 ? piece : textOf(values[i - 1]) + piece)).join('');
}

/**
 * The command with a variable for each value, and these variables. The shell treats them like its own, so no value can become a command.
 */
export function withVariables(
  pieces: readonly string[],
  values: readonly unknown[],
): { command: string; env: Record<string, string> } {
  const env: Record<string, string> = {};
  const command = pieces.map((piece, i) => {
    if (i === 0) return piece;
    const name = `NBS_VALUE_${i}`;
    env[name] = textOf(values[i - 1]);
    return `\${${name}}${piece}`;
  });
  return { command: command.join(''), env };
}
