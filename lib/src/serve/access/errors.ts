import { defineError } from '../../core/index.js';

export const HostRefused = defineError(
  'NBS_HOST_REFUSED',
  403,
  'host {host} is not served here; whoever runs this server can allow it with allowedHosts or --allow-host',
);
export const OriginRefused = defineError(
  'NBS_ORIGIN_REFUSED',
  403,
  'origin {origin} may not call this server; whoever runs it can allow that with allowedOrigins or --allow-origin, and who was sent here by a link can type the address instead',
);
