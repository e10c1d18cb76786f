/** A process that loads or unloads one model of a cluster, and ends. */
import { hasCode } from '../core/index.js';
import { Client, deleteApplication } from '../host/index.js';
import type { Change, Changed } from './change-models.js';
import { deployModel } from './deploy-model.js';
import { findModel } from './find-model.js';
import { MODEL_DEPLOYMENT } from './names.js';
import { Registry } from './registry.js';

const change = JSON.parse(process.argv[2] ?? '{}') as Change;

/** Somebody else may have unloaded the model at the same time, and another application may have its name if a load was ended. */
async function unload(client: Client, application: string): Promise<void> {
  const { applications } = await client.call('status', undefined);
  if (!Object.hasOwn(applications, application) || applications[application]?.ingress !== MODEL_DEPLOYMENT) return;
  await deleteApplication(client, application).catch((error: unknown) => {
    if (!hasCode(error, { code: 'NBS_NO_SUCH_APP' })) throw error;
  });
}
const say = (changed: Changed): void => console.log(JSON.stringify(changed));

try {
  const client = await Client.join(change.dir);
  try {
    if (change.kind === 'unload') await unload(client, change.application);
    else {
      const { spec, application, deployment } = findModel(new Registry(change.dir), change.name, change.config);
      await deployModel(client, spec, { application, hasRoute: true, deployment });
    }
    say({});
  } finally {
    await client.close();
  }
} catch (error) {
  say({
    error: { message: error instanceof Error ? error.message : String(error) },
  });
}
