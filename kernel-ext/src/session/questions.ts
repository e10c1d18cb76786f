import { NoInput } from './errors.js';
import { currentCell, lastCell } from './running-cell.js';

const open = new Set<Promise<unknown>>();

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
  open.add(answer);
  try {
    return await answer;
  } finally {
    open.delete(answer);
  }
}

/** Resolves when no question is open. */
export async function allAnswered(): Promise<void> {
  while (open.size > 0) await Promise.allSettled(open);
}

function input() {
  return (currentCell() ?? lastCell())?.output.input;
}
