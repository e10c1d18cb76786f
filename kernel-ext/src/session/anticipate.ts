/** A cell with this most likely needs a cluster. A wrong guess costs processes that nobody uses until the notebook ends. */
const RUNS = /\bserve\s*\.\s*run\s*\(/;
/** The cell chooses the address itself. */
const STARTS = /\bserve\s*\.\s*start\s*\(/;

/** Whether a cell that is about to run will start a cluster at the usual address: that boots while TypeScript looks at the cell. */
export const willServe = (code: string): boolean => RUNS.test(code) && !STARTS.test(code);
