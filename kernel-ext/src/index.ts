export { type InstallOptions, installKernelspec, kernelArgv, uninstallKernelspec } from './install/index.js';
export {
  createSession,
  type DisplayBundle,
  type Outcome,
  type Output,
  type Session,
  type SessionOptions,
} from './session/index.js';
