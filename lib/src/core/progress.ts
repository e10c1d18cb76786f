/** The progress of something that takes long, such as a download. */
export interface Progress {
  /** @param part 0 to 1; null if nobody knows how much is left @param text what is done and how much there is: `45 % of 98.1 MB` */
  update(part: number | null, text: string): void;
  /** @param text the result, which stays */
  end(text: string): void;
}

/** Shows the progress of something with this name. */
export type ProgressDisplay = (name: string) => Progress;

const KEY = Symbol.for('nbserve.progress');
/** All copies of this module share it: a notebook may import a copy of its own. */
const shared = globalThis as { [KEY]?: ProgressDisplay };

/** Sets how progress is shown in this process. A notebook shows a bar that changes in its place. @default lines of text */
export function setProgressDisplay(display: ProgressDisplay): void {
  shared[KEY] = display;
}

/** True if progress is shown as a bar in its place, so that it may change often. */
export const hasProgressDisplay = (): boolean => shared[KEY] !== undefined;

/** Begins to show the progress of something with this name. */
export const beginProgress: ProgressDisplay = (name) => (shared[KEY] ?? lines)(name);

/** A line for each tenth, which any terminal and log file can show. */
const lines: ProgressDisplay = (name) => {
  let tenth = 0;
  return {
    update(part, text) {
      if (part === null) {
        tenth = 0;
        console.log(`${name}: ${text}`);
        return;
      }
      const now = Math.floor(part * 10);
      if (now <= tenth || part === 1) return;
      tenth = now;
      console.log(`${name}: ${text}`);
    },
    end: (text) => console.log(`${name}: ${text}`),
  };
};
