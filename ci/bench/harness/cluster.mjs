import { fileURLToPath } from 'node:url';
import { descendants, start, suspended } from './processes.mjs';

const DRIVER = fileURLToPath(new URL('driver.mjs', import.meta.url));

/** A cluster with a driver in a process of its own, so that the measured code shares no process with the benchmark. */
export class Cluster {
  #child = start(process.execPath, [DRIVER], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  #waiting = new Map();
  #next = 0;

  constructor() {
    this.#child.stdout.resume();
    this.#child.on('message', (/** @type {any} */ { id, value, error }) => {
      const { resolve, reject } = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) resolve(value);
      else reject(new Error(error));
    });
    void this.#child.exited.then(() => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`the driver ended: ${this.#child.errors}`));
    });
  }

  /** Runs an operation of driver.mjs. */
  ask(operation, args) {
    return new Promise((resolve, reject) => {
      this.#next += 1;
      this.#waiting.set(this.#next, { resolve, reject });
      this.#child.send({ id: this.#next, operation, args });
    });
  }

  /** Deploys the default export of `apps/<app>.mjs`; resolves with its URL. */
  run(app, options = {}) {
    return this.ask('run', { app: new URL(`../apps/${app}.mjs`, import.meta.url).href, ...options });
  }

  /** Processes of the cluster, without the driver: role → pids. */
  pids() {
    const found = { agent: [], controller: [], proxy: [], replica: [] };
    for (const { pid, command } of descendants(this.#child.pid)) {
      const entry = command.split(' ')[1] ?? '';
      const role =
        /serve\/(controller|proxy|replica)\/main\.js$/.exec(entry)?.[1] ?? (/engine\/agent\/main\.js$/.test(entry) && 'agent');
      if (role) found[role].push(pid);
    }
    return found;
  }

  /** Runs `work` while the cluster and its driver are suspended. */
  suspended(work) {
    return suspended(
      descendants(this.#child.pid).map(({ pid }) => pid),
      work,
    );
  }

  get driverPid() {
    return this.#child.pid;
  }

  async end() {
    await this.ask('shutdown');
    this.#child.disconnect();
    await this.#child.exited;
  }
}
