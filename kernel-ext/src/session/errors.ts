/** Errors of the session. Their shape is that of nbserve's coded errors; nbserve itself is loaded only when a cell needs it. */
export class SessionError extends Error {
  constructor(
    readonly code: `NBS_${string}`,
    message: string,
  ) {
    super(message);
    this.name = 'NbserveError';
  }
}

/** What ends a cell that was interrupted. */
export class KeyboardInterrupt extends Error {
  constructor() {
    super('the cell was interrupted');
    this.name = 'KeyboardInterrupt';
    this.stack = 'KeyboardInterrupt: the cell was interrupted';
  }
}

export const ExitInCell = (): SessionError =>
  new SessionError(
    'NBS_EXIT_IN_CELL',
    'process.exit() would end the kernel: use "Restart Kernel" or "Shut Down Kernel" of the notebook instead',
  );

export const NoInput = (): SessionError =>
  new SessionError(
    'NBS_NO_INPUT',
    'nobody can be asked here: this notebook runs without a person; give the value in a variable instead',
  );

export const AwaitingModule = (id: string): SessionError =>
  new SessionError(
    'NBS_AWAITING_MODULE',
    `${id} awaits at its top, so that require() cannot load it: write await import('${id}') instead`,
  );
