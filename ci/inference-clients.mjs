import { fileURLToPath } from 'node:url';
import { pythonEnv } from './python-env.mjs';

/** Python with the clients of Triton and KServe. @throws if it cannot be set up */
export const inferenceClients = () =>
  pythonEnv('inference-clients', fileURLToPath(new URL('inference-clients-requirements.txt', import.meta.url)));
