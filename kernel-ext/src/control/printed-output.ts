import { type Captured, CaptureReader, OutputOrder, PipeReaders } from '../descriptors/index.js';
import type { Iopub } from './iopub.js';
import { type ControlInit, type Printed, sizeOf } from './messages.js';
import { PipeBrake } from './pipe-brake.js';

export interface PrintedOutputDeps {
  readonly init: Pick<ControlInit, 'descriptors'>;
  readonly iopub: Iopub;
  /** Counts output as taken. */
  taken(units: number): void;
  /** Takes what the kernel itself prints. */
  logText(name: 'stdout' | 'stderr', text: string): void;
  captured(captured: Captured): void;
}

/** Brings what the main thread prints and what comes through the descriptors into one order, and publishes it as fast as the clients read. */
export function printedOutput({ init, iopub, taken, logText, captured }: PrintedOutputDeps): {
  readonly order: OutputOrder<Printed>;
  readonly pipes: PipeReaders<Printed>;
  readonly brake: PipeBrake;
} {
  /** The header (JSON) of the cell that began last. What comes through the descriptors belongs to it. */
  let cell = '';
  const captures = new CaptureReader<string>(captured);
  const message = (printed: Printed): void => {
    switch (printed.kind) {
      case 'stream':
        iopub.stream(printed);
        iopub.whenSent(() => taken(printed.text.length));
        break;
      case 'publish':
        iopub.publish(printed.type, printed.content, printed.parent, printed);
        iopub.whenSent(() => taken(printed.content.length + sizeOf(printed.buffers)));
        break;
      case 'cell':
        cell = printed.parent;
        break;
      case 'capture':
        captures.take(printed.parent, printed);
        if ('text' in printed) taken(printed.text.length);
        break;
    }
  };
  const order = new OutputOrder<Printed>(init.descriptors.secret, {
    // Before the first cell, the output is the kernel's own.
    text: (name, text) => {
      if (cell === '') return logText(name, text);
      if (captures.text(cell, name, text)) return;
      brake.came(text.length);
      iopub.stream({ name, text, parent: cell });
      iopub.whenSent(() => brake.sent(text.length));
    },
    message,
    beginsCell: ({ kind }) => kind === 'cell',
  });
  const pipes = new PipeReaders(init.descriptors.readFds, order);
  const brake = new PipeBrake(pipes.pipes);
  return { order, pipes, brake };
}
