import type { DeployConfig } from './types.js';

/**
 * What to tell about the options of a cluster that runs already: it keeps those that it was started with.
 * @param port at which it answers HTTP, if that is known
 */
export function keptOptions({ cluster }: Pick<DeployConfig, 'cluster'>, port: number | undefined): readonly string[] {
  const { port: wanted = 'auto', ...others } = cluster;
  const keys = Object.keys(others);
  const notes: string[] = [];
  if (wanted !== 'auto' && wanted !== 0 && port !== undefined && port !== wanted)
    notes.push(`the cluster answers HTTP at port ${port}, not ${wanted}; the port of a running cluster does not change`);
  if (keys.length > 0)
    notes.push(
      `the cluster runs already and keeps the options that it was started with, whatever the configuration says of ${keys.join(', ')}; to change them, end it with nbserve stop and deploy again`,
    );
  return notes;
}
