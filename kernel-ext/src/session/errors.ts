import { defineError } from 'nbserve/errors';

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
export const NestedTooDeep = defineError(
  'NBS_NESTED_TOO_DEEP',
  400,
  'the cell is nested too deeply to be read: give names to inner parts, or read the data from a file',
);
export const CannotParse = defineError(
  'NBS_SYNTAX',
  400,
  "TypeScript accepts this cell, but the kernel's parser cannot read it: {reason}; write it in another way",
);
export const TypeCheckerFailed = defineError(
  'NBS_TYPE_CHECKER',
  500,
  'TypeScript failed twice while it checked this cell, which was not run: {reason}; %types off runs cells without types',
);
export const CheckerDoesNotStart = defineError('NBS_NO_TYPE_CHECKER', 500, 'TypeScript 7 does not start: {reason}');
export const PackageChanged = defineError(
  'NBS_PACKAGE_CHANGED',
  409,
  '{name} is version {now} by now, but version {before} is loaded, and a process keeps what it has loaded: restart the kernel to use {now}',
);
export const BadTsconfig = defineError('NBS_TSCONFIG', 400, '{file} cannot be used: {reason}');

export const RunsItself = defineError(
  'NBS_RUNS_ITSELF',
  400,
  '%run: files run inside of each other more than {max} deep; does one run itself?',
);
