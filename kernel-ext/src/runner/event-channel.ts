import { writeSync } from 'node:fs';
import { MarkWriter } from '../descriptors/index.js';
import { EVENTS_FD, type NumberedEvent, type RunnerEvent } from './protocol.js';

// Saved now, because user code may replace it.
const write = writeSync;

/**
 * Sends the runner's events to its parent. When `tell` returns, the event has left this process, which may crash at any time. The descriptor is blocking,
 * and the parent, which runs no user code, always reads.
 */
export class EventChannel {
  readonly #marks: MarkWriter;

  constructor(secret: string) {
    this.#marks = new MarkWriter(secret);
  }

  tell(event: RunnerEvent): void {
    const envelope: NumberedEvent = { ...this.#marks.mark(), event };
    const bytes = Buffer.from(`${JSON.stringify(envelope)}\n`);
    for (let at = 0; at < bytes.length; ) at += write(EVENTS_FD, bytes, at);
  }
}
