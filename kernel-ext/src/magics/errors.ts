import { defineError, type NbserveError } from 'nbserve/errors';

export const UnknownMagic = defineError('NBS_UNKNOWN_MAGIC', 404, 'there is no magic {name}; there are {valid}');
export const BadServeCommand = defineError(
  'NBS_BAD_MAGIC',
  400,
  '%serve {given} is not known; there are %serve status, %serve list, %serve delete <app>, %serve shutdown',
);
export const BadTypesCommand = defineError(
  'NBS_BAD_TYPES',
  400,
  '%types {given} is not known; there are %types off and %types on',
);
export const BadTimeit = defineError(
  'NBS_BAD_TIMEIT',
  400,
  '%timeit {given} is not known; the options are -n <loops> and -r <runs>, whole numbers from 1',
);
export const BadShellValue = defineError(
  'NBS_BAD_SHELL_VALUE',
  400,
  '{what} has no text; values in a line are strings, numbers, arrays or objects of JSON',
);
export const CommandFailed = defineError('NBS_COMMAND_FAILED', 500, '!{command} {how}');

/** Removes the stack of a magic's error: it would show only the kernel's own code, and the message names the line. */
export function withoutStack(error: NbserveError): NbserveError {
  error.stack = `${error.name}: ${error.message}`;
  return error;
}
