import { defineError } from '../core/index.js';

export const NoPython = defineError('NBS_NO_PYTHON', 404, '{what} needs Python {oldest} or newer: {reason}{advice}');
export const NoVenv = defineError(
  'NBS_NO_VENV',
  404,
  '{python} cannot make a virtual environment, because its modules venv and ensurepip are not complete; on Debian and Ubuntu: sudo apt install {packages}{advice}',
);
export const InstallFailed = defineError('NBS_PYTHON_INSTALL', 500, '{command} failed, nothing of it is kept: {reason}{advice}');
