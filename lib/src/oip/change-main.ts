/** A process that loads or unloads one model of a cluster, and ends. */
import { hasCode } from '../core/index.js';
import { Client, deleteApplication } from '../host/index.js';
import type { Change, Changed } from './change-models.js';
import { deployModel } from './deploy-model.js';
import { findModel } from './find-model.js';
import { Registry } from './registry.js';

const { kind, name, dir, config } = JSON.parse(process.argv[2] ?? '{}') as Change;
/** Somebody else may have unloaded the model at the same time. */
const ignoreGone = (error: unknown): void => {
  if (!hasCode(error, { code: 'NBS_NO_SUCH_APP' })) throw error;
};
const say = (changed: Changed): void => console.log(JSON.stringify(changed));

try {
  const client = await Client.join(dir);
  try {
    const { spec, application } = findModel(new Registry(dir), name, config);
    if (kind === 'unload') await deleteApplication(client, application).catch(ignoreGone);
    else
      await deployModel(client, spec, {
        application,
        hasRoute: true,
        deployment: {},
      });
    say({});
  } finally {
    await client.close();
  }
} catch (error) {
  say({
    error: { message: error instanceof Error ? error.message : String(error) },
  });
}
