// A node on another machine than the head's. Here it is another loopback address, with a home of its own: it shares nothing with the head but TCP.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { listLocalClusters } from '../../../lib/dist/engine/index.js';
import { descendants, firstLine, start, stop } from './processes.mjs';

const NBSERVE = fileURLToPath(new URL('../../../lib/bin/nbserve.js', import.meta.url));
/** The address of the head's machine, and that of the other one. */
export const HEAD = '127.0.0.8';
const OTHER = '127.0.0.9';
const END_MS = 10_000;

const command = (...args) => execFileSync(process.execPath, [NBSERVE, ...args], { encoding: 'utf8' });

/** Lets a node join a cluster that was started with `machines: { host: HEAD }`. */
export class OtherMachine {
  #home = mkdtempSync(join(tmpdir(), 'nbm-'));
  #child;

  async join(cluster) {
    const { url } = await cluster.ask('status');
    const dir = listLocalClusters().find((one) => one.url === url)?.dir ?? '';
    const [, , , head, pin] = command('node', 'address', '--address', dir).trim().split(' ');
    this.#child = start(process.execPath, [NBSERVE, 'node', 'join', head, pin, '--host', OTHER, '--wait', '60'], {
      env: { ...process.env, NBSERVE_HOME: this.#home },
    });
    const fingerprint = (await firstLine(this.#child)).split(' ').at(-1);
    command('node', 'admit', fingerprint, '--name', 'other', '--address', dir);
    while (!(await cluster.ask('status')).nodes.some(({ id, alive }) => id === 'other' && alive)) await delay(50);
  }

  pids() {
    return descendants(this.#child.pid).map(({ pid }) => pid);
  }

  /** To be called when the cluster has ended: then the node ends by itself. */
  async end() {
    if (this.#child !== undefined) {
      await Promise.race([this.#child.exited, delay(END_MS, undefined, { ref: false })]);
      await stop(this.#child);
    }
    rmSync(this.#home, { recursive: true, force: true });
  }
}
