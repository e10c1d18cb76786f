/** A process that deploys one configuration: it imports the user's modules, hands the applications to the cluster, and ends. */
import { readFileSync } from 'node:fs';
import { parseConfig } from '../config/index.js';
import { isNbserveError } from '../core/index.js';
import { applyConfig } from '../deploy/index.js';
import { enterChild } from '../engine/index.js';
import { Client } from '../host/index.js';
import { NotDeployed } from './errors.js';
import type { DeployArgs } from './types.js';

const child = enterChild<DeployArgs>();

try {
  const config = await parseConfig(readFileSync(child.args.file, 'utf8'), 'configuration', process.cwd());
  const client = await Client.join(child.dir);
  const { failed } = await applyConfig(client, config, { wait: false });
  await client.close();
  if (failed.length > 0) throw NotDeployed({ failures: failed.map(({ name, error }) => `${name}: ${words(error)}`).join('; ') });
  child.ready();
} catch (error) {
  child.exit('CODE_FAILED', error);
}

function words(error: unknown): string {
  if (isNbserveError(error)) return `${error.code}: ${error.message}`;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
