import { defineError } from 'nbserve/errors';

export const ExitInCell = defineError(
  'NBS_EXIT_IN_CELL',
  409,
  'process.exit() would end the kernel: use "Restart Kernel" or "Shut Down Kernel" of the notebook instead',
);
