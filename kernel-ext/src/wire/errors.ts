import { defineError } from 'nbserve/errors';

export const NoConnectionFile = defineError(
  'NBS_USAGE',
  400,
  'usage: node main.js <connection file>; Jupyter starts it that way',
);
export const BadConnectionFile = defineError('NBS_CONNECTION_FILE', 400, 'connection file {path}: {why}');
export const CannotBind = defineError('NBS_KERNEL_BIND', 500, "cannot bind the kernel's sockets: {why}");
