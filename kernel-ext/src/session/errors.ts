import { defineError } from 'nbserve/errors';

/** What ends a cell that was interrupted. */
export class KeyboardInterrupt extends Error {
  constructor() {
    super('the cell was interrupted');
    this.name = 'KeyboardInterrupt';
    this.stack = 'KeyboardInterrupt: the cell was interrupted';
  }
}

export const NoInput = defineError(
  'NBS_NO_INPUT',
  501,
  'nobody can be asked here: this notebook runs without a person; give the value in a variable instead',
);
export const AwaitingModule = defineError(
  'NBS_AWAITING_MODULE',
  400,
  "{id} awaits at its top, so that require() cannot load it: write await import('{id}') instead",
);
