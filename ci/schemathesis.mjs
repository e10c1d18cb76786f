import { fileURLToPath } from 'node:url';
import { pythonEnv } from './python-env.mjs';

/** Python with schemathesis, which sends requests that an OpenAPI document allows, and such that it does not. @throws if it cannot be set up */
export const schemathesisPython = () =>
  pythonEnv('schemathesis', fileURLToPath(new URL('schemathesis-requirements.txt', import.meta.url)));
