// Processes of a benchmark. They are started with a mark, so that all of them can be ended. CPU time and memory are from /proc (Linux).
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const TICK_MS = 10;
const running = new Set();

/** Starts a process that ends with the benchmark at the latest. If it fails, its stderr is shown. */
export function start(file, args, options = {}) {
  const spawned = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'], ...options });
  /** @type {typeof spawned & { errors: string, exited: Promise<number | null> }} */
  const child = Object.assign(spawned, { errors: '', exited: Promise.resolve(null) });
  child.stderr?.on('data', (data) => {
    child.errors = (child.errors + data).slice(-8000);
  });
  running.add(child);
  child.exited = new Promise((resolve) => child.once('exit', resolve)).then((code) => {
    running.delete(child);
    return code;
  });
  return child;
}

/** Ends a process: SIGTERM, and SIGKILL after five seconds. */
export async function stop(child) {
  if (!running.has(child)) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
  await child.exited;
  clearTimeout(timer);
}

export const stopAll = () => Promise.all([...running].map(stop));

/** After a suspension, processes do at once what their timers have missed. */
const SETTLE_MS = 1000;

/** Runs `work` while the processes are suspended, because idle processes would use CPU time that the other side needs. */
export async function suspended(pids, work) {
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  try {
    return await work();
  } finally {
    for (const pid of pids) process.kill(pid, 'SIGCONT');
    await delay(SETTLE_MS);
  }
}

/** Resolves with the first line of stdout. @throws if the process ends before that */
export function firstLine(child) {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (data) => {
      text += data;
      if (text.includes('\n')) resolve(text.slice(0, text.indexOf('\n')));
    });
    void child.exited.then(() => reject(new Error(`${child.spawnargs.join(' ')} ended: ${child.errors}`)));
  });
}

/** @returns pid → { pid, parent, command } of every process that can be read; empty if there is no /proc */
export function processes() {
  const found = new Map();
  for (const name of readProc('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const stat = statOf(pid);
    if (stat === undefined || stat[0] === 'Z') continue;
    const command = read(`/proc/${pid}/cmdline`)?.replaceAll('\0', ' ').trim() ?? '';
    found.set(pid, { pid, parent: Number(stat[1]), command });
  }
  return found;
}

/** A process and all its descendants. */
export function descendants(root) {
  const all = processes();
  const found = [];
  const visit = (pid) => {
    const one = all.get(pid);
    if (one !== undefined) found.push(one);
    for (const other of all.values()) if (other.parent === pid) visit(other.pid);
  };
  visit(root);
  return found;
}

/** The processes with `text` in the environment with which they were started. */
export function marked(text) {
  return [...processes().values()].filter(({ pid }) => pid !== process.pid && read(`/proc/${pid}/environ`)?.includes(text));
}

/** True if it has not ended and is not a zombie. */
export const isAlive = (pid) => !['Z', 'X', undefined].includes(statOf(pid)?.[0]);

/** CPU time so far, user and system, in ms; `undefined` if it cannot be read. */
export function cpuMs(pid) {
  const stat = statOf(pid);
  return stat === undefined ? undefined : (Number(stat[11]) + Number(stat[12])) * TICK_MS;
}

/** CPU time of this process's children that have ended, in ms. */
export function endedChildrenCpuMs() {
  const stat = statOf(process.pid);
  return stat === undefined ? undefined : (Number(stat[13]) + Number(stat[14])) * TICK_MS;
}

/** The memory of processes in MiB. What they share is counted once (PSS). */
export function memoryMiB(pids) {
  let kib = 0;
  for (const pid of pids) kib += Number(/^Pss:\s+(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`) ?? '')?.[1] ?? 0);
  return kib / 1024;
}

/** The fields of /proc/<pid>/stat from the state on. The name before them may contain blanks. */
function statOf(pid) {
  const text = read(`/proc/${pid}/stat`);
  return text?.slice(text.lastIndexOf(')') + 2).split(' ');
}

function read(file) {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return undefined;
  }
}

function readProc(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
