import { fileURLToPath } from 'node:url';
import { pythonEnv } from './python-env.mjs';

/** The Python of an environment with Jupyter, for the tests that need the real one. @throws if it cannot be set up */
export const jupyterPython = () => pythonEnv('jupyter', fileURLToPath(new URL('jupyter-requirements.txt', import.meta.url)));
