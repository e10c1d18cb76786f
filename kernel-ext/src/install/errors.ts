import { defineError } from 'nbserve/errors';

export const BadKernelName = defineError(
  'NBS_KERNEL_NAME',
  400,
  '{name} is no name for a kernel; letters, digits, ".", "_" and "-" are allowed',
);
export const KernelspecKept = defineError('NBS_KERNEL_INSTALL', 409, 'the kernelspec folder {folder} stays as it is: {why}');
export const TranslatorFailed = defineError(
  'NBS_PAPERMILL_INSTALL',
  409,
  "papermill's parameters for TypeScript cannot be installed for {python}: {why}; name the Python of a virtual environment that you can write",
);
