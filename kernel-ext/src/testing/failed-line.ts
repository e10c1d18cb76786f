/** The line of a cell, from 1, at which a traceback without colours says that it failed. `undefined` if it does not say one. */
export function failedLine(traceback: string, cell: number): number | undefined {
  const inStack = new RegExp(`\\bcell\\[${cell}\\]\\.tsx?:(\\d+)`).exec(traceback)?.[1];
  const inFrame = /^\s*>\s*(\d+) \|/m.exec(traceback)?.[1];
  const line = inStack ?? inFrame;
  return line === undefined ? undefined : Number(line);
}
