/** The line of a cell, from 1, at which a traceback without colours says that it failed. `undefined` if it does not say one. */
export function failedLine(traceback: string, cell: number): number | undefined {
  const inStack = new RegExp(`\\bcell\\[${cell}\\]\\.tsx?:(\\d+)`).exec(traceback)?.[1];
  // The frame of an error that came from code of another cell shows that cell's line.
  const inFrame = /\bcell\[\d+(?:\.\d+)?\]\.tsx?:/.test(traceback) ? undefined : /^\s*>\s*(\d+) \|/m.exec(traceback)?.[1];
  const line = inStack ?? inFrame;
  return line === undefined ? undefined : Number(line);
}
