import type { MagicContext } from './context.js';
import { BadServeCommand } from './errors.js';

/** `%serve status|list|delete <app>|shutdown`: this notebook's cluster. */
export async function serveMagic(args: string, { output }: MagicContext): Promise<void> {
  const [command = 'status', ...rest] = args.split(/\s+/).filter((word) => word !== '');
  const { serve } = await import('nbserve');
  const print = (text: string): void => output.stream('stdout', `${text}\n`);
  switch (command) {
    case 'status':
      return print(statusText(await serve.status()));
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

interface Status {
  readonly url: string;
  readonly applications: Readonly<Record<string, AppStatus>>;
  readonly traffic: Readonly<Record<string, { readonly versions: Readonly<Record<string, { readonly weight: number }>> }>>;
}

interface AppStatus {
  readonly status: string;
  readonly message: string;
  readonly routePrefix: string | null;
  readonly deployments: Readonly<
    Record<
      string,
      { readonly status: string; readonly message: string; readonly replicas: readonly { readonly state: string }[] }
    >
  >;
}

/** One line per application, deployment and split. */
export function statusText({ url, applications, traffic }: Status): string {
  const lines = [url === '' ? 'no HTTP' : url];
  const names = Object.entries(applications);
  if (names.length === 0) lines.push('  no applications');
  for (const [name, { status, message, routePrefix, deployments }] of names) {
    lines.push(`  ${name}  ${routePrefix ?? '(no route)'}  ${status}${message === '' ? '' : `: ${message}`}`);
    for (const [deployment, { status: state, message: why, replicas }] of Object.entries(deployments)) {
      const running = replicas.filter((replica) => replica.state === 'RUNNING').length;
      lines.push(`    ${deployment}  ${state}  ${running}/${replicas.length} replicas running${why === '' ? '' : `: ${why}`}`);
    }
  }
  for (const [prefix, { versions }] of Object.entries(traffic)) {
    const parts = Object.entries(versions).map(([app, { weight }]) => `${app} ${Number((weight * 100).toFixed(1))} %`);
    lines.push(`  ${prefix} is split: ${parts.join(', ')}`);
  }
  return lines.join('\n');
}
