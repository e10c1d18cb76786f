import { defineError } from '../core/index.js';

export const ServerUnreachable = defineError(
  'NBS_SERVER_UNREACHABLE',
  503,
  '{server} cannot be reached: {reason}; look at the network, the proxy, and the address that {setting} is set to',
);
export const DownloadRefused = defineError('NBS_DOWNLOAD_REFUSED', 502, '{what} cannot be downloaded: {reason}');
export const DownloadBroken = defineError(
  'NBS_DOWNLOAD_BROKEN',
  503,
  '{what} broke off after {got} of {total} bytes, {attempts} times: {reason}; what has come is kept, and the next try continues there',
);
export const DigestMismatch = defineError(
  'NBS_DOWNLOAD_MISMATCH',
  502,
  '{what} has the {algorithm} {actual}, and {expected} was expected; it was not kept',
);
export const HubRefused = defineError('NBS_HUB_REFUSED', 502, '{endpoint} does not give {file}: {reason}');
