/** How a code cell ended in a test. */
export const CellStatus = {
  /** It ran, and its outputs are those of the notebook. */
  PASSED: 'passed',
  /** It ran, and the notebook has no outputs of it to compare with, or they are ignored. */
  RAN: 'ran',
  /** Its outputs differ from those of the notebook. */
  DIFFERS: 'differs',
  /** It differed, and the notebook has its outputs of now (`--update`). */
  UPDATED: 'updated',
  /** It failed: an error, a time limit, a process that died. */
  FAILED: 'failed',
  /** Its tag says that it is not to be run. */
  SKIPPED: 'skipped',
  /** It was running when another cell failed, and was interrupted. */
  INTERRUPTED: 'interrupted',
  /** An earlier failure ended the run. */
  NOT_RUN: 'not run',
} as const;
export type CellStatus = (typeof CellStatus)[keyof typeof CellStatus];

export interface CellResult {
  /** `cell 2`: the number is the one in its brackets. A cell that was skipped has its place in the notebook: `cell at 7`. */
  readonly name: string;
  /** The line of the notebook's file, from 1; for an error, the line of the code that failed. */
  readonly line: number | null;
  readonly status: CellStatus;
  readonly seconds: number;
  /** What went wrong, in one line. */
  readonly message?: string;
  /** The differences, or the traceback. */
  readonly details?: readonly string[];
}

export interface NotebookResult {
  /** The path as the report shows it. */
  readonly name: string;
  readonly passed: boolean;
  readonly seconds: number;
  readonly cells: readonly CellResult[];
  /** Why the notebook could not be run, or failed outside of its cells. */
  readonly problem?: string;
  /** The most memory that the process of the cells had when a cell began or ended, in bytes; 0 if none began. Its children are not counted. */
  readonly peakBytes: number;
}

export const isRed = ({ status }: CellResult): boolean => status === CellStatus.DIFFERS || status === CellStatus.FAILED;
