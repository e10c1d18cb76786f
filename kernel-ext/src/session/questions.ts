import { NoInput } from './errors.js';
import { currentCell, isBeside, lastCell, type RunningCell } from './running-cell.js';

/** The open questions, by the cell that asks. */
const open = new Map<Promise<unknown>, RunningCell | undefined>();

/** Whether there is a person who can be asked. */
export function canAsk(): boolean {
  return input() !== undefined;
}

interface QuestionOptions {
  /** Takes the question back. */
  readonly signal?: AbortSignal | undefined;
  /** The answer is not shown while it is typed. @default false */
  readonly password?: boolean | undefined;
}

/**
 * Asks the person whose cell runs.
 * @throws NBS_NO_INPUT; KeyboardInterrupt if the question is taken back
 */
export async function askPerson(prompt = '', { signal, password = false }: QuestionOptions = {}): Promise<string> {
  const put = input();
  if (put === undefined) throw NoInput();
  const answer = put(prompt, password, signal);
  open.set(answer, currentCell());
  try {
    return await answer;
  } finally {
    open.delete(answer);
  }
}

/** Resolves when no question is open but those of other subshells. */
export async function allAnswered(cell: RunningCell | undefined): Promise<void> {
  const own = (): Promise<unknown>[] => [...open].flatMap(([answer, asker]) => (isBeside(asker, cell) ? [] : [answer]));
  for (let left = own(); left.length > 0; left = own()) await Promise.allSettled(left);
}

function input() {
  return (currentCell() ?? lastCell())?.output.input;
}
