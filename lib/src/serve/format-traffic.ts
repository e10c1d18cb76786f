import type { ServeStatus } from './protocol/status.js';
import type { TrafficStatus } from './types.js';

/** Writes splits as an indented list, with one line for each version. */
export function formatTraffic(traffic: ServeStatus['traffic']): string[] {
  return Object.entries(traffic).flatMap(([prefix, status]) => [`${prefix}:`, ...linesOf(status).map((line) => `  ${line}`)]);
}

function linesOf({ versions, stickyBy, mirror, canary }: TrafficStatus): string[] {
  const lines = Object.entries(versions).map(([app, { version, weight, ...counted }]) => {
    const name = version === null ? app : `${app} (version ${version})`;
    return `${name}: ${percent(weight)}${counts(counted)}`;
  });
  if (stickyBy !== null) lines.push(`sticky by: ${Object.entries(stickyBy).flat().join(' ')}`);
  if (mirror !== null) {
    const { app, share, dropped, streamed } = mirror;
    lines.push(`mirror: ${app}, copies of ${percent(share)}${counts(mirror)}, ${dropped} dropped, ${streamed} streamed`);
  }
  if (canary !== null) lines.push(`canary: ${canary.to} ${canary.state}${canary.message === '' ? '' : ` (${canary.message})`}`);
  return lines;
}

const percent = (part: number): string => `${Number((part * 100).toFixed(1))} %`;

function counts({ requests, failures, p95Ms }: { requests: number; failures: number; p95Ms: number | null }): string {
  const latency = p95Ms === null ? '' : `, p95 ${Number(p95Ms.toPrecision(3))} ms`;
  return `, ${requests} requests, ${failures} failed${latency}`;
}
