import { createRequire } from 'node:module';
import type { MagicContext } from './context.js';
import { BadServeCommand, withoutStack } from './errors.js';

const own = createRequire(import.meta.url);

/** Runs `%serve status|list|delete <app>|shutdown` on this notebook's cluster. */
export async function serveMagic(args: string, { output }: MagicContext): Promise<void> {
  const [command = 'status', ...rest] = args.split(/\s+/).filter((word) => word !== '');
  // These are not imports, because the kernel may load nbserve at this moment, and Node cannot require a module that is being imported.
  const { serve } = own('nbserve') as typeof import('nbserve');
  const { formatStatus, runningCluster } = own('nbserve/host') as typeof import('nbserve/host');
  const print = (text: string): void => output.stream('stdout', `${text}\n`);
  // If the notebook has no cluster, `status` and `list` are no error, but `delete` is one.
  if (['status', 'list', 'shutdown'].includes(command) && (await runningCluster()) === null)
    return print('this notebook has no cluster yet; the first serve.run(…) starts one');
  switch (command) {
    case 'status': {
      return output.stream('stdout', formatStatus(await serve.status()));
    }
    case 'list':
      return print(JSON.stringify(await serve.listDeployments(), null, 2));
    case 'delete':
      if (rest.length === 0) throw withoutStack(BadServeCommand({ given: args }));
      for (const name of rest) {
        await serve.delete(name);
        print(`deleted ${name}`);
      }
      return;
    case 'shutdown':
      await serve.shutdown();
      return print('the cluster has ended');
    default:
      throw withoutStack(BadServeCommand({ given: args }));
  }
}
