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
export const BadEnv = defineError('NBS_BAD_ENV', 400, '%env {given} is not known; there are %env, %env NAME and %env NAME=value');
export const BadHistory = defineError(
  'NBS_BAD_HISTORY',
  400,
  '%history {given} is not known; there are %history -n 3-5, %history -l <count> and %history -g <text>',
);
export const BadCapture = defineError(
  'NBS_BAD_CAPTURE',
  400,
  '%%capture {given} is not known; behind %%capture stands nothing, or the one name that gets what the cell prints',
);
export const NotFirst = defineError(
  'NBS_CELL_MAGIC_BELOW',
  400,
  '{magic} must be the first line of its cell; only %%time and %%capture may stand above it',
);
export const NoFileNamed = defineError('NBS_NO_FILE_NAMED', 400, '{magic} needs the name of a file');
export const MagicFile = defineError('NBS_MAGIC_FILE', 400, '{magic}: {file} {what}');
export const MagicTaken = defineError(
  'NBS_MAGIC_TAKEN',
  409,
  "magics.register('{name}', …): a name has letters, digits and _, and is none of the kernel's own, which %lsmagic lists",
);
export const NoFrontEnd = defineError('NBS_NO_FRONT_END', 400, '{magic} needs a front end that puts a text into a cell');
export const NoHelp = defineError(
  'NBS_NO_HELP',
  404,
  '{name}? finds nothing: no name of the notebook, of JavaScript or of Node and no magic is called so',
);
export const AboveCode = defineError('NBS_ABOVE_CODE', 400, '{magic} must stand above the TypeScript of its cell');
export const ResetInCode = defineError(
  'NBS_RESET_IN_CODE',
  400,
  '%reset stands above the TypeScript of its cell, and has no options but -f',
);
export const CommandFailed = defineError('NBS_COMMAND_FAILED', 500, '{command} {how}');
export const FolderGone = defineError('NBS_FOLDER_GONE', 410, 'the folder {folder} is gone; %cd <folder> chooses another');

export const CommandTooLong = defineError(
  'NBS_COMMAND_TOO_LONG',
  400,
  '{command} cannot be started: it or one of its values is longer than the system allows (128 KiB on Linux); write a long value to a file, and give the command its name',
);

/** Removes the stack of a magic's error: it would show only the kernel's own code, and the message names the line. */
export function withoutStack(error: NbserveError): NbserveError {
  error.stack = `${error.name}: ${error.message}`;
  return error;
}
