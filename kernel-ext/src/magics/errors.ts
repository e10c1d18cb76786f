/** Errors of the magics, with the shape of nbserve's coded errors; nbserve itself is not loaded for them. */
export class MagicError extends Error {
  constructor(
    readonly code: `NBS_${string}`,
    message: string,
    /** What a notebook shows instead of a stack. */
    override readonly stack = `NbserveError: ${message}`,
  ) {
    super(message);
    this.name = 'NbserveError';
  }
}

export const UnknownMagic = (name: string, valid: readonly string[]): MagicError =>
  new MagicError('NBS_UNKNOWN_MAGIC', `there is no magic ${name}; there are ${valid.join(', ')}`);

export const BadServeCommand = (given: string): MagicError =>
  new MagicError(
    'NBS_BAD_MAGIC',
    `%serve ${given} is not known; there are %serve status, %serve list, %serve delete <app>, %serve shutdown`,
  );

export const CommandFailed = (command: string, how: string): MagicError =>
  new MagicError('NBS_COMMAND_FAILED', `!${command} ${how}`);
