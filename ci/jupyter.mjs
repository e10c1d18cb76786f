import { fileURLToPath } from 'node:url';
import { pythonEnv } from './python-env.mjs';

/** Python with Jupyter itself, for the tests that need the real one. @throws where it cannot be set up */
export const jupyterPython = () => pythonEnv('jupyter', fileURLToPath(new URL('jupyter-requirements.txt', import.meta.url)));
