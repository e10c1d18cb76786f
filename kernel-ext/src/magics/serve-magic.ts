import type { MagicContext } from './context.js';
import { BadServeCommand } from './errors.js';

/** `%serve status|list|delete <app>|shutdown`: this notebook's cluster. */
export async function serveMagic(args: string, { output }: MagicContext): Promise<void> {
  const [command = 'status', ...rest] = args.split(/\s+/).filter((word) => word !== '');
  const { serve } = await import('nbserve');
  const print = (text: string): void => output.stream('stdout', `${text}\n`);
  switch (command) {
    case 'status': {
      const { formatStatus } = await import('nbserve/host');
      return output.stream('stdout', formatStatus(await serve.status()));
    }
    case 'list':
      return print(JSON.stringify(await serve.listDeployments(), null, 2));
    case 'delete':
      if (rest.length === 0) throw BadServeCommand(args);
      for (const name of rest) {
        await serve.delete(name);
        print(`deleted ${name}`);
      }
      return;
    case 'shutdown':
      await serve.shutdown();
      return print('the cluster has ended');
    default:
      throw BadServeCommand(args);
  }
}
