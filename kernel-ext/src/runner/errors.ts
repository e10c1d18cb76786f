import { defineError } from 'nbserve/errors';

export const NoNotebook = defineError(
  'NBS_NO_NOTEBOOK',
  404,
  '{file} cannot be read: {reason}; give the path of a notebook, e.g. lesson.ipynb',
);
export const NotANotebook = defineError('NBS_NOT_A_NOTEBOOK', 400, '{file} is not a Jupyter notebook of format 4: {reason}');
export const OtherLanguage = defineError(
  'NBS_OTHER_LANGUAGE',
  400,
  '{file} is a notebook in {language}; this runner executes TypeScript and JavaScript. If its cells are TypeScript, choose the kernel "TypeScript (nbserve)" for it',
);
export const UnknownParameter = defineError(
  'NBS_UNKNOWN_PARAMETER',
  400,
  'the cell tagged "parameters" of {file} declares no variable {name}; it declares {declared}',
);
export const NoWorkFolder = defineError(
  'NBS_NO_WORK_FOLDER',
  404,
  'the cells cannot run in {folder}: {reason}; give the path of a folder',
);
export const CannotWrite = defineError(
  'NBS_CANNOT_WRITE',
  400,
  '{file} cannot be written: {reason}; give the path of a file in a folder that exists and that you may write to',
);
/** The process that executes the cells ended by itself: killed, out of memory, `process.abort()`, a crash of native code. */
export const RunnerDied = defineError('NBS_RUNNER_DIED', 500, 'the process that ran the cell {how}');
export const ExitCodeSet = defineError(
  'NBS_EXIT_CODE_SET',
  500,
  'the exit code was set to {exitCode}: by the cell, or by a test of node:test that failed',
);
export const NothingRaised = defineError(
  'NBS_NOTHING_RAISED',
  400,
  'the cell is tagged raises-exception, but it ended without an error; remove the tag or correct the cell',
);

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'a part of its path is a file, not a folder',
  EISDIR: 'it is a folder',
  EACCES: 'you lack the permission',
  EPERM: 'you lack the permission',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'your share of the disk is full',
  ELOOP: 'its links go round in a circle',
  ENAMETOOLONG: 'its name is too long',
};

/** The operating system's error about a file, in words. */
export function reasonOf(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return REASONS[code] ?? message;
}
