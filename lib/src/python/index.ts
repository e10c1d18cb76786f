/** Virtual environments of Python, for programs that npm does not have: JupyterLab and Ray. */
export { makeVenv, type VenvOptions } from './venv.js';
