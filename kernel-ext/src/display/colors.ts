/** `NO_COLOR`: no colours in tracebacks and results. */
export const colorsUnwanted = (): boolean => (process.env.NO_COLOR ?? '') !== '';

/** Whether what this process prints to stderr has colours: in a terminal, in the logs of CI services, and if `FORCE_COLOR` asks for them. */
export function stderrHasColors(): boolean {
  if (colorsUnwanted()) return false;
  const { FORCE_COLOR: force = '', CI: ci = '' } = process.env;
  return force === '' ? process.stderr.isTTY === true || ci !== '' : force !== '0';
}
