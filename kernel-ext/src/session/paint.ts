import type { Output } from './session.js';

/** How the parts of a traceback look. */
export interface Paint {
  /** The error's name, and the mark under the place. */
  strong(text: string): string;
  /** What stands around the user's own words: line numbers, frames. */
  faint(text: string): string;
}

export const PLAIN_PAINT: Paint = { strong: (text) => text, faint: (text) => text };

// The codes that Jupyter's front ends know: faint (2) is none of them, grey is.
const COLOURED: Paint = {
  strong: (text) => `\u001b[1;31m${text}\u001b[22;39m`,
  faint: (text) => `\u001b[90m${text}\u001b[39m`,
};

/** What this output's reader can show. */
export const paintFor = ({ colors }: Pick<Output, 'colors'>): Paint => (colors === undefined ? PLAIN_PAINT : COLOURED);
