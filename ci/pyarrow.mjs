import { fileURLToPath } from 'node:url';
import { pythonEnv } from './python-env.mjs';

/** Python with pyarrow. @throws if it cannot be set up */
export const pyarrowPython = () => pythonEnv('pyarrow', fileURLToPath(new URL('pyarrow-requirements.txt', import.meta.url)));
