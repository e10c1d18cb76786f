import type { OptionSpec } from '../../../core/index.js';
import type { ReplicaEnv } from '../config.js';

/**
 * If `inherit` is a text, it is a variable of that name, as any other name. If it says what is inherited, it is never a text. So the two cannot be
 * confused.
 */
export const env: OptionSpec<ReplicaEnv> = {
  doc: "Environment variables of the replicas, in addition to those that they inherit. By default they inherit every variable of the process that started the cluster, including secrets. With `inherit: false` they do not, and `inherit: ['HF_TOKEN']` lists those that they inherit. `PATH`, `HOME`, `TMPDIR` and the variables that nbserve needs are always inherited. Set it for settings of libraries, and to keep secrets from the replicas.",
  type: 'ReplicaEnvironment',
  expected: "an object of texts; besides them inherit: true, false or a list of names such as ['HF_TOKEN']",
  default: { inherit: true, variables: {} },
  defaultText: '{ inherit: true }',
  parse: (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    const { inherit, ...others } = value as Readonly<Record<string, unknown>>;
    const variables = typeof inherit === 'string' ? { ...others, inherit } : others;
    if (!Object.values(variables).every((text) => typeof text === 'string')) return undefined;
    const inherited = typeof inherit === 'string' ? true : inheritance(inherit);
    return inherited === undefined ? undefined : { inherit: inherited, variables: variables as Record<string, string> };
  },
};

function inheritance(value: unknown): ReplicaEnv['inherit'] | undefined {
  if (value === undefined || value === true) return true;
  if (value === false) return [];
  const isList = Array.isArray(value) && value.every((name) => typeof name === 'string' && name !== '' && !name.includes('='));
  return isList ? [...new Set(value as string[])].sort() : undefined;
}
