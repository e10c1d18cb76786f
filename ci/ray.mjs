import { fileURLToPath } from 'node:url';
import { pythonEnv } from './python-env.mjs';

/** Python with Ray. @throws if it cannot be set up */
export const rayPython = () => pythonEnv('ray', fileURLToPath(new URL('bench/ray-requirements.txt', import.meta.url)));
