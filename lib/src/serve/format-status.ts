import { formatTraffic } from './format-traffic.js';
import type { GpuStatus, ModelStatus, ServeStatus } from './protocol/status.js';

/** Writes the status as an indented list, similar to `serve status` of Ray Serve. */
export function formatStatus({ url, grpc, warnings, nodes, applications, traffic }: ServeStatus): string {
  const lines = [
    `url: ${url === '' ? 'none' : url}`,
    ...(grpc ? [`grpc: ${grpc}`] : []),
    ...warnings.map((warning) => `warning: ${warning}`),
  ];
  const several = nodes.length > 1;
  if (several || nodes.some(({ gpus = [] }) => gpus.length > 0)) lines.push('nodes:', ...nodes.map(nodeLine));
  if (Object.keys(applications).length === 0) lines.push('applications: none');
  else lines.push('applications:');
  for (const [name, app] of Object.entries(applications)) {
    lines.push(`  ${name}:`, `    status: ${app.status}${app.message === '' ? '' : ` (${app.message})`}`);
    lines.push(`    route: ${app.routePrefix ?? 'none'}`, '    deployments:');
    for (const [deployment, { status, message, version, graph, replicas }] of Object.entries(app.deployments)) {
      const words = [status, ...(message === '' ? [] : [`(${message})`]), ...(version === null ? [] : [`version ${version}`])];
      lines.push(`      ${deployment}: ${words.join(' ')}`);
      if (graph !== undefined) lines.push(...graph.split('\n').map((line, at) => `        ${at === 0 ? '' : '  '}${line}`));
      for (const { id, state, pid, node, blockedSince, models = [] } of replicas) {
        const since = blockedSince === undefined ? '' : `, blocked since ${new Date(blockedSince).toISOString()}`;
        const where = [...(pid === null ? [] : [`pid ${pid}`]), ...(several && node !== null ? [`on ${node}`] : [])].join(', ');
        lines.push(`        ${id}: ${state}${since}${where === '' ? '' : ` (${where})`}`);
        for (const model of models) lines.push(`          ${modelLine(model)}`);
      }
    }
  }
  const splits = formatTraffic(traffic);
  if (splits.length > 0) lines.push('traffic:', ...splits.map((line) => `  ${line}`));
  return `${lines.join('\n')}\n`;
}

/** `node-2 (127.0.0.2): UP, http://127.0.0.2:8000, free: cpu 1 of 2, gpu 0.5 of 1, memory 3.9 of 3.9 GiB` */
function nodeLine({ id, ip, alive, url, total, free, gpus = [] }: ServeStatus['nodes'][number]): string {
  const amounts = [
    `cpu ${short(free.cpu)} of ${short(total.cpu)}`,
    ...(total.gpu === 0 ? [] : [`gpu ${short(free.gpu)} of ${total.gpu}`]),
    `memory ${short(free.memory / 2 ** 30)} of ${short(total.memory / 2 ** 30)} GiB`,
    ...Object.entries(total.custom).map(([name, amount]) => `${name} ${short(free.custom[name] ?? 0)} of ${short(amount)}`),
  ];
  const devices = gpus.flatMap(gpuText);
  const shown = devices.length === 0 ? '' : `; ${devices.join('; ')}`;
  return `  ${id} (${ip}): ${alive ? 'UP' : 'DOWN'}${url === null ? '' : `, ${url}`}, free: ${amounts.join(', ')}${shown}`;
}

/** `gpu 0 (NVIDIA A100): 1.5 of 40 GiB used`. A GPU that was only declared has no text. */
function gpuText({ id, name, memory, used }: GpuStatus): string[] {
  if (name === undefined) return [];
  const amount =
    memory === undefined || used === undefined ? '' : `: ${short(used / 2 ** 30)} of ${short(memory / 2 ** 30)} GiB used`;
  return [`gpu ${id} (${name})${amount}`];
}

/** `mnist.onnx on cpu, beside the event loop; cuda was not tried: …` */
function modelLine({ name, device, place, failed }: ModelStatus): string {
  const reasons = failed.length === 0 ? '' : `; ${failed.join('; ')}`;
  return `${name} on ${device}, ${place === 'beside' ? 'beside' : 'in'} the event loop${reasons}`;
}

const short = (amount: number): number => Number(amount.toFixed(2));
