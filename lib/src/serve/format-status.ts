import { formatTraffic } from './format-traffic.js';
import type { ServeStatus } from './protocol/status.js';

/** Writes the status as an indented list, similar to `serve status` of Ray Serve. */
export function formatStatus({ url, grpc, warnings, nodes, applications, traffic }: ServeStatus): string {
  const lines = [
    `url: ${url === '' ? 'none' : url}`,
    ...(grpc ? [`grpc: ${grpc}`] : []),
    ...warnings.map((warning) => `warning: ${warning}`),
  ];
  const several = nodes.length > 1;
  if (several) lines.push('nodes:', ...nodes.map(nodeLine));
  if (Object.keys(applications).length === 0) lines.push('applications: none');
  else lines.push('applications:');
  for (const [name, app] of Object.entries(applications)) {
    lines.push(`  ${name}:`, `    status: ${app.status}${app.message === '' ? '' : ` (${app.message})`}`);
    lines.push(`    route: ${app.routePrefix ?? 'none'}`, '    deployments:');
    for (const [deployment, { status, message, version, graph, replicas }] of Object.entries(app.deployments)) {
      const words = [status, ...(message === '' ? [] : [`(${message})`]), ...(version === null ? [] : [`version ${version}`])];
      lines.push(`      ${deployment}: ${words.join(' ')}`);
      if (graph !== undefined) lines.push(...graph.split('\n').map((line, at) => `        ${at === 0 ? '' : '  '}${line}`));
      for (const { id, state, pid, node, blockedSince } of replicas) {
        const since = blockedSince === undefined ? '' : `, blocked since ${new Date(blockedSince).toISOString()}`;
        const where = [...(pid === null ? [] : [`pid ${pid}`]), ...(several && node !== null ? [`on ${node}`] : [])].join(', ');
        lines.push(`        ${id}: ${state}${since}${where === '' ? '' : ` (${where})`}`);
      }
    }
  }
  const splits = formatTraffic(traffic);
  if (splits.length > 0) lines.push('traffic:', ...splits.map((line) => `  ${line}`));
  return `${lines.join('\n')}\n`;
}

/** `node-2 (127.0.0.2): UP, http://127.0.0.2:8000, free: cpu 1 of 2, gpu 0.5 of 1, memory 3.9 of 3.9 GiB` */
function nodeLine({ id, ip, alive, url, total, free }: ServeStatus['nodes'][number]): string {
  const amounts = [
    `cpu ${short(free.cpu)} of ${short(total.cpu)}`,
    ...(total.gpu === 0 ? [] : [`gpu ${short(free.gpu)} of ${total.gpu}`]),
    `memory ${short(free.memory / 2 ** 30)} of ${short(total.memory / 2 ** 30)} GiB`,
    ...Object.entries(total.custom).map(([name, amount]) => `${name} ${short(free.custom[name] ?? 0)} of ${short(amount)}`),
  ];
  return `  ${id} (${ip}): ${alive ? 'UP' : 'DOWN'}${url === null ? '' : `, ${url}`}, free: ${amounts.join(', ')}`;
}

const short = (amount: number): number => Number(amount.toFixed(2));
