// HTTP load in a closed loop: `wrk` if it is installed, else load-client.mjs. Both run in a process of their own, on one thread.
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
 * POSTs `body` (text or bytes) over `connections` connections for `seconds`.
 * Resolves with the requests per second, p50 and p99 in ms, and the CPU time per request in µs by name.
 * @param url the address; several of one origin are requested in turns
 * @param headers more headers than the content type
 * @param pids the pids whose CPU time is counted, by name; an array of pids is counted as one
 */
export async function load(url, { body, type = 'application/json', headers = {}, connections, seconds, pids = {} }) {
  const urls = [url].flat();
  const before = Object.entries(pids).map(([name, some]) => {
    /** @returns {number} */
    const sum = () => [some].flat().reduce((total, pid) => total + cpuMs(pid), 0);
    return { name, sum, ms: sum() };
  });
  const childrenBefore = endedChildrenCpuMs();
  const { requests, failed, p50, p99, took } = await (hasWrk ? wrk : own)({
    urls,
    body,
    headers: { 'content-type': type, ...headers },
    connections,
    seconds,
  });
  const usEach = (ms) => (ms * 1000) / Math.max(1, requests);
  const cpu = {};
  for (const { name, sum, ms } of before) if (Number.isFinite(ms)) cpu[name] = usEach(sum() - ms);
  if (childrenBefore !== undefined) cpu.load = usEach(endedChildrenCpuMs() - childrenBefore);
  if (failed > 0) throw new Error(`${failed} of ${requests} requests to ${urls[0]} failed`);
  return { perSecond: requests / took, p50, p99, cpu };
}

async function wrk({ urls, body, headers, connections, seconds }) {
  const folder = mkdtempSync(join(tmpdir(), 'nbs-bench-'));
  const lua = (bytes) => `"${[...Buffer.from(bytes)].map((byte) => `\\${String(byte).padStart(3, '0')}`).join('')}"`;
  try {
    const script = join(folder, 'post.lua');
    writeFileSync(
      script,
      `wrk.method = "POST"
${Object.entries(headers)
  .map(([name, value]) => `wrk.headers["${name}"] = "${value}"`)
  .join('\n')}
wrk.body = ${lua(body)}
local requests, at = {}, 0
init = function()
  for index, path in ipairs({ ${urls.map((url) => lua(new URL(url).pathname)).join(', ')} }) do requests[index] = wrk.format(nil, path) end
  if #requests > 1 then
    request = function()
      at = at % #requests + 1
      return requests[at]
    end
  end
end
done = function(summary, latency)
  local bad = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout + summary.errors.status
  io.write(string.format('{"requests":%d,"failed":%d,"p50":%f,"p99":%f,"took":%f}\\n',
    summary.requests, bad, latency:percentile(50) / 1000, latency:percentile(99) / 1000, summary.duration / 1e6))
end
`,
    );
    return await result(start('wrk', ['-t1', `-c${connections}`, `-d${seconds}s`, '-s', script, urls[0]]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const own = ({ body, ...rest }) =>
  result(start(process.execPath, [OWN, JSON.stringify({ ...rest, body: Buffer.from(body).toString('base64') })]));

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
