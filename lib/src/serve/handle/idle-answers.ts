/** An answer that its replica keeps although no call needs it now. */
export interface IdleAnswer {
  readonly keptBytes: number;
  release(): void;
}

/** Largest number of bytes of this process's answers that replicas keep although no call needs them. */
const MAX_IDLE_BYTES = 64 * 1024 * 1024;

const idle = new Set<IdleAnswer>();
let total = 0;

/** The answer may still be awaited or passed on again, so it is kept until there are too many. Then those that have waited longest are dropped. */
export function addIdle(answer: IdleAnswer): void {
  idle.add(answer);
  total += answer.keptBytes;
  for (const oldest of idle) {
    if (total <= MAX_IDLE_BYTES || oldest === answer) return;
    removeIdle(oldest);
    oldest.release();
  }
}

export function removeIdle(answer: IdleAnswer): void {
  if (idle.delete(answer)) total -= answer.keptBytes;
}
