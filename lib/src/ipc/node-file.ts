import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { controllerSocket, nodeFile } from '../core/index.js';
import type { CallKinds, Channel } from './channel.js';
import { connect } from './connect.js';
import type { Address, Hello, TlsIdentity } from './messages.js';

/** What a process of a cluster on several machines must know about its node. It is in the node's private folder. */
export interface NodeFile extends TlsIdentity {
  readonly node: string;
  /** The address at which its processes listen for those of other machines. */
  readonly host: string;
  /** The controller's address, `host:port`. Absent on the head, which has the controller's Unix socket. */
  readonly controller?: string;
  /** The node's name in its certificate. */
  readonly name: string;
  /** That of the head. */
  readonly headName: string;
}

const SCHEME = 'tls:';

/** Reads the file at each call, because certificates are replaced. `undefined` if the cluster is on one machine only. */
export function readNodeFile(dir: string): NodeFile | undefined {
  let text: string;
  try {
    text = readFileSync(nodeFile(dir), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return JSON.parse(text) as NodeFile;
}

/** The place of a process that other machines reach: its node, its TCP address, and the name of its Unix socket, which the processes of its own node use. */
export interface RemotePlace {
  readonly node: string;
  readonly host: string;
  readonly port: number;
  /** The name of the node in its certificate. */
  readonly peerName: string;
  /** The name of the socket in the node's folder. */
  readonly socket: string;
}

/** A text for routes, instead of the path of a Unix socket. */
export function formatPlace({ node, host, port, peerName, socket }: RemotePlace): string {
  return SCHEME + [node, host, String(port), peerName, socket].map(encodeURIComponent).join('/');
}

/** False if it is a path. */
export const isPlace = (text: string): boolean => text.startsWith(SCHEME);

/** The address of a place, for a process with this folder: a path as it is, and the Unix socket if the place is on the same node. */
function addressAt(dir: string, place: string): Address {
  if (!isPlace(place)) return { path: place };
  const [node, host = '', port, peerName = '', socket = ''] = place.slice(SCHEME.length).split('/').map(decodeURIComponent);
  const own = readNodeFile(dir);
  if (own === undefined || own.node === node) return { path: join(dir, socket) };
  return { host, port: Number(port), tls: own, peerName };
}

/** Whether a place is on the same node as a process with this folder. */
export function nearPlaces(dir: string): (place: string) => boolean {
  let own: string | undefined;
  return (place) => {
    if (!isPlace(place)) return true;
    own ??= readNodeFile(dir)?.node;
    const node = place.slice(SCHEME.length, place.indexOf('/', SCHEME.length));
    return own === undefined || decodeURIComponent(node) === own;
  };
}

/** The address of the controller, for a process with this folder. */
function controllerAddress(dir: string): Address {
  const own = readNodeFile(dir);
  if (own?.controller === undefined) return { path: controllerSocket(dir) };
  return { ...splitHostPort(own.controller), tls: own, peerName: own.headName };
}

/** `10.0.0.1:80` and `[fd00::1]:80` */
export function splitHostPort(text: string): { readonly host: string; readonly port: number } {
  const at = text.lastIndexOf(':');
  return { host: text.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(text.slice(at + 1)) };
}

export function formatHostPort(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** @see connect */
export interface PlaceOptions {
  readonly token: string;
  readonly hello: Hello;
  readonly kinds?: CallKinds;
  readonly timeoutMs?: number;
}

/** Opens a channel to a replica. @throws NBS_CONNECT_FAILED, NBS_AUTH_FAILED, NBS_VERSION_SKEW */
export async function connectPlace(dir: string, place: string, options: PlaceOptions): Promise<Channel> {
  return connect(addressAt(dir, place), { ...options, watchesPath: true });
}

/** Opens a channel to the controller. @throws NBS_CONNECT_FAILED, NBS_AUTH_FAILED, NBS_VERSION_SKEW */
export async function connectController(dir: string, options: PlaceOptions): Promise<Channel> {
  return connect(controllerAddress(dir), options);
}
