import { defineError } from '../../core/index.js';

export const RayUnreachable = defineError(
  'NBS_RAY_UNREACHABLE',
  503,
  "cannot reach Ray at {address}: {reason}; the address is that of Ray's dashboard, such as http://head:8265",
);
export const RayRefused = defineError('NBS_RAY_REFUSED', 502, 'Ray at {address} refused: {reason}');
export const RayTokenUnreadable = defineError(
  'NBS_RAY_TOKEN_UNREADABLE',
  400,
  'the token for Ray cannot be read from {path}, which RAY_AUTH_TOKEN_PATH names: {reason}',
);
export const RayLoopback = defineError(
  'NBS_RAY_LOOPBACK',
  409,
  "this machine reaches Ray from the loopback address {host}, to which Ray's node {node} cannot connect; give an address of this machine that the node can reach: --machines <address>, or machines: { host }",
);
export const SharedCertificate = defineError(
  'NBS_SHARED_CERTIFICATE',
  409,
  'node {node} shows the same certificate as node {other}, so the head cannot tell them apart; each machine needs a certificate of its own',
);
