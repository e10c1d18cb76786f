import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import net from 'node:net';
import { clusterIn } from '../cluster-folder.js';

/** Says which process listens on a TCP port of an address: `process 4711 (node server.js)`, or the name of the cluster in the brackets. */
export function describePortHolder(port: number, address: string): string {
  try {
    return process.platform === 'linux' ? fromProc(port, address) : fromLsof(port);
  } catch {
    return 'another process';
  }
}

function fromProc(port: number, address: string): string {
  const all = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) => listeningSockets(readTable(table), port));
  // Each address of this machine has its own ports.
  const here = all.filter((socket) => net.isIPv4(address) && (socket.address === toHex(address) || /^0+$/.test(socket.address)));
  const sockets = here.length > 0 ? here : all;
  if (sockets.length === 0) return 'another process';
  const links = new Set(sockets.map(({ inode }) => `socket:[${inode}]`));
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const holder = pids.find((pid) => openFiles(pid).some((link) => links.has(link)));
  if (holder === undefined) return `a process of user ${sockets[0]?.uid}`;
  return `process ${holder} (${commandOf(holder)})`;
}

/** Writes an address as `/proc/net/tcp` does: in the byte order of the machine, which is little-endian on all supported ones. */
const toHex = (ipv4: string): string =>
  ipv4
    .split('.')
    .reverse()
    .map((byte) => Number(byte).toString(16).toUpperCase().padStart(2, '0'))
    .join('');

interface SocketRow {
  /** In hex. Zeros only mean every address. */
  readonly address: string;
  readonly inode: string;
  readonly uid: string;
}

/** The rows of `/proc/net/tcp` and `tcp6` in state LISTEN (0A): `sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode`. */
export function listeningSockets(table: string, port: number): readonly SocketRow[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return table
    .split('\n')
    .slice(1)
    .map((row) => row.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(suffix) && fields[3] === '0A')
    .map((fields) => ({
      address: (fields[1] as string).slice(0, -suffix.length),
      inode: fields[9] as string,
      uid: fields[7] as string,
    }));
}

function readTable(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return ''; // This machine has no IPv6.
  }
}

/** The open files of a process. It is empty if the process belongs to another user or has just ended. */
function openFiles(pid: string): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => readLink(`/proc/${pid}/fd/${fd}`));
  } catch {
    return [];
  }
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function commandOf(pid: string): string {
  const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean);
  const cluster = clusterNamed(words.at(-1) ?? '');
  if (cluster !== undefined) return `nbserve: ${cluster}`;
  const command = words.join(' ');
  return command.length > 120 ? `${command.slice(0, 119)}…` : command;
}

/** The name of the cluster, if this is the last argument of its agent: people do not know the agent's command. */
function clusterNamed(argument: string): string | undefined {
  if (!argument.startsWith('{"dir":')) return undefined;
  const { dir } = JSON.parse(argument) as { dir: unknown };
  return typeof dir === 'string' ? clusterIn(dir)?.name : undefined;
}

function fromLsof(port: number): string {
  const fields = execFileSync('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc'], {
    encoding: 'utf8',
    stdio: 'pipe',
  }).split('\n');
  const field = (letter: string): string | undefined => fields.find((line) => line.startsWith(letter))?.slice(1);
  return `process ${field('p')} (${field('c')})`;
}
