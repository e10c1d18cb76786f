// Looked up at each call: user code may have put another console in its place.
let print = (text: string): void => console.warn(text);

/** Where notices go: a script's stdout may be read by a program, so they go to its stderr; in a notebook, which shows stderr as a fault, to stdout. */
export function setNoticePrinter(printer: (text: string) => void): void {
  print = printer;
}

/** Tells people something that is neither an error nor asked for. */
export function notice(text: string): void {
  print(text);
}
