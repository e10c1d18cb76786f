// HTTP load in a closed loop: `wrk` where it is installed, else our own client. Both run in a process of their own, on one thread.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cpuMs, endedChildrenCpuMs, start } from './processes.mjs';

const OWN = fileURLToPath(new URL('load-client.mjs', import.meta.url));
const hasWrk = !process.env.NBSERVE_BENCH_OWN_LOAD && spawnSync('wrk', ['-v']).error === undefined;

export const loadTool = hasWrk ? 'wrk (one thread)' : "the benchmark's own client (one thread)";

/**
 * POSTs `body` over `connections` connections for `seconds`.
 * @param pids name → pid: whose CPU time is counted
 * @returns { perSecond, p50, p99 (ms), failed, cpu: name → µs of CPU time per request }
 */
export async function load(url, { body, connections, seconds, pids = {} }) {
  const before = Object.entries(pids).map(([name, pid]) => [name, pid, cpuMs(pid)]);
  const childrenBefore = endedChildrenCpuMs();
  const { requests, failed, p50, p99, took } = await (hasWrk ? wrk : own)(url, body, connections, seconds);
  const usEach = (ms) => (ms * 1000) / Math.max(1, requests);
  const cpu = {};
  for (const [name, pid, ms] of before) if (ms !== undefined) cpu[name] = usEach(cpuMs(pid) - ms);
  if (childrenBefore !== undefined) cpu.load = usEach(endedChildrenCpuMs() - childrenBefore);
  if (failed > 0) throw new Error(`${failed} of ${requests} requests to ${url} failed`);
  return { perSecond: requests / took, p50, p99, cpu };
}

async function wrk(url, body, connections, seconds) {
  const folder = mkdtempSync(join(tmpdir(), 'nbs-bench-'));
  try {
    const script = join(folder, 'post.lua');
    writeFileSync(
      script,
      `wrk.method = "POST"
wrk.headers["content-type"] = "application/json"
wrk.body = ${JSON.stringify(body)}
done = function(summary, latency)
  local bad = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout + summary.errors.status
  io.write(string.format('{"requests":%d,"failed":%d,"p50":%f,"p99":%f,"took":%f}\\n',
    summary.requests, bad, latency:percentile(50) / 1000, latency:percentile(99) / 1000, summary.duration / 1e6))
end
`,
    );
    return await result(start('wrk', ['-t1', `-c${connections}`, `-d${seconds}s`, '-s', script, url]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const own = (url, body, connections, seconds) =>
  result(start(process.execPath, [OWN, JSON.stringify({ url, body, connections, seconds })]));

async function result(child) {
  let out = '';
  child.stdout.on('data', (data) => {
    out += data;
  });
  const closed = new Promise((resolve) => child.stdout.once('close', resolve));
  const code = await child.exited;
  await closed;
  const line = out.split('\n').find((text) => text.startsWith('{'));
  if (code !== 0 || line === undefined) throw new Error(`the load client failed: ${out}${child.errors}`);
  return JSON.parse(line);
}
