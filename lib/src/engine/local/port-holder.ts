import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Who listens on a TCP port, for people: `process 4711 (node server.js)`. */
export function describePortHolder(port: number): string {
  try {
    return process.platform === 'linux' ? fromProc(port) : fromLsof(port);
  } catch {
    return 'another process';
  }
}

function fromProc(port: number): string {
  const sockets = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) => listeningSockets(readTable(table), port));
  if (sockets.length === 0) return 'another process';
  const links = new Set(sockets.map(({ inode }) => `socket:[${inode}]`));
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const holder = pids.find((pid) => openFiles(pid).some((link) => links.has(link)));
  if (holder === undefined) return `a process of user ${sockets[0]?.uid}`;
  return `process ${holder} (${commandOf(holder)})`;
}

interface ListeningSocket {
  readonly inode: string;
  readonly uid: string;
}

/** Rows of `/proc/net/tcp` and `tcp6` in state LISTEN (0A): `sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode`. */
export function listeningSockets(table: string, port: number): readonly ListeningSocket[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return table
    .split('\n')
    .slice(1)
    .map((row) => row.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(suffix) && fields[3] === '0A')
    .map((fields) => ({ inode: fields[9] as string, uid: fields[7] as string }));
}

function readTable(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return ''; // No IPv6 here.
  }
}

/** Unreadable where the process belongs to another user or has just ended. */
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
  const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean).join(' ');
  return command.length > 120 ? `${command.slice(0, 119)}…` : command;
}

function fromLsof(port: number): string {
  const fields = execFileSync('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc'], {
    encoding: 'utf8',
    stdio: 'pipe',
  }).split('\n');
  const field = (letter: string): string | undefined => fields.find((line) => line.startsWith(letter))?.slice(1);
  return `process ${field('p')} (${field('c')})`;
}
