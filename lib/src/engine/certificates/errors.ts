import { defineError } from '../../core/index.js';

export const BadMachineCertificate = defineError(
  'NBS_BAD_MACHINE_CERTIFICATE',
  400,
  'the certificate {cert} with the key {key} and the authority {ca} cannot be used between machines: {reason}',
);
