import { type OptionSpec, parseOptions } from '../../../core/index.js';
import type { RuntimeEnv } from '../config.js';
import { nodeFlags } from './node-flags.js';
import { npmPackages } from './npm-packages.js';

const path = (doc: string, defaultText: string): OptionSpec<string | undefined> => ({
  doc,
  type: 'string',
  expected: 'a path',
  default: undefined,
  defaultText,
  parse: (value) => (typeof value === 'string' && value !== '' && !value.includes('\0') ? value : undefined),
});

/** Every option of `runtimeEnv`. */
export const RUNTIME_ENV_OPTIONS = {
  npm: npmPackages,
  workingDir: path(
    "Working folder of the replica's process, from which its code opens files by relative paths. A relative path begins at the folder of the notebook or module. The folder is used as it is, and not copied. Imports do not depend on it. Set it if the code opens files of another folder.",
    'the folder of the notebook or module',
  ),
  nodeFlags,
  envFile: path(
    'A file of environment variables, as `node --env-file` reads it. A relative path begins at the folder of the notebook or module. `serve.run` reads it. A variable in the option `env` goes before one of the file, and the file before what is inherited. Set it if you keep settings and keys in such a file.',
    'no file',
  ),
} as const;

/** @throws NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION */
export function parseRuntimeEnv(value: Readonly<Record<string, unknown>>): RuntimeEnv {
  const { npm, nodeFlags: flags, workingDir, envFile } = parseOptions('runtimeEnv', RUNTIME_ENV_OPTIONS, value);
  const hasPackages = npm !== undefined && (npm.file !== undefined || Object.keys(npm.dependencies).length > 0);
  return {
    ...(hasPackages && { npm }),
    ...(flags !== undefined && flags.length > 0 && { nodeFlags: flags }),
    ...(workingDir !== undefined && { workingDir }),
    ...(envFile !== undefined && { envFile }),
  };
}
