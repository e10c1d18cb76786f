import { randomUUID } from 'node:crypto';
import { asJson } from './json.js';

/** What a message of a comm may have besides its data. */
export interface CommExtras {
  /** Values of JSON. */
  readonly metadata?: Record<string, unknown>;
  /** Bytes, which JSON cannot hold. */
  readonly buffers?: readonly (ArrayBuffer | ArrayBufferView)[];
}

/** What a message of a front end has besides its data. */
export interface CommReceived {
  readonly metadata: Record<string, unknown>;
  readonly buffers: readonly Uint8Array[];
}

/** Where the messages of comms go: to the front ends. */
export type CommPublisher = (
  type: 'comm_open' | 'comm_msg' | 'comm_close',
  content: Record<string, unknown>,
  extras: CommExtras,
) => void;

/** How errors call what a comm sends. */
const DATA = 'the data of a comm';
const METADATA = 'the metadata of a comm';

let publish: CommPublisher = () => {};

/** Sets the receiver of the messages of comms. */
export function setCommPublisher(publisher: CommPublisher): void {
  publish = publisher;
}

const targets = new Map<string, (comm: Comm, data: unknown, received: CommReceived) => unknown>();
const open = new Map<string, Comm>();

/** A connection between code in cells and code in a front end, over which both send values of JSON and bytes. */
export class Comm {
  /** Is called with the data of each message from the front end. */
  onMessage: (data: unknown, received: CommReceived) => unknown = () => {};
  /** Is called when the front end closes the comm. */
  onClose: (data: unknown, received: CommReceived) => unknown = () => {};
  /** The name that the other side registered. */
  readonly target: string;
  readonly id: string;

  constructor(target: string, id: string) {
    this.target = target;
    this.id = id;
    open.set(id, this);
  }

  /** True until either side closes it. */
  get isOpen(): boolean {
    return open.get(this.id) === this;
  }

  /** Sends data to the front end. It does nothing on a closed comm. @throws NBS_NOT_JSON */
  send(data: unknown, extras: CommExtras = {}): void {
    if (this.isOpen) publish('comm_msg', { comm_id: this.id, data: asJson(data ?? {}, DATA) }, withJson(extras));
  }

  /** Closes the comm on both sides. @throws NBS_NOT_JSON and leaves it open */
  close(data: unknown = {}, extras: CommExtras = {}): void {
    const last = asJson(data, DATA);
    const more = withJson(extras);
    if (open.delete(this.id)) publish('comm_close', { comm_id: this.id, data: last }, more);
  }
}

/** @throws NBS_NOT_JSON before a comm is opened or closed on this side alone */
const withJson = ({ metadata, buffers = [] }: CommExtras): CommExtras =>
  metadata === undefined ? { buffers } : { metadata: asJson(metadata, METADATA) as Record<string, unknown>, buffers };

/** Comms of Jupyter: connections to code in front ends. */
export const comms = {
  /** Names a target for front ends. `opened` is called with each comm that one of them opens, and with its data; if it throws, the comm is closed. */
  register(target: string, opened: (comm: Comm, data: unknown, received: CommReceived) => unknown): void {
    targets.set(target, opened);
  },
  /** Front ends can open no more comms for the target. */
  unregister(target: string): void {
    targets.delete(target);
  },
  /** Opens a comm to a target that a front end has registered. A front end without that target closes it. @throws NBS_NOT_JSON */
  open(target: string, data: unknown = {}, extras: CommExtras = {}): Comm {
    const first = asJson(data, DATA);
    const more = withJson(extras);
    const comm = new Comm(target, randomUUID());
    publish('comm_open', { comm_id: comm.id, target_name: target, data: first }, more);
    return comm;
  },
};

/** The comms that are open, as `comm_info_reply` lists them. @param target only those of this target */
export function openComms(target?: string): Record<string, { target_name: string }> {
  const found = [...open.values()].filter((comm) => target === undefined || comm.target === target);
  return Object.fromEntries(found.map((comm) => [comm.id, { target_name: comm.target }]));
}

/** Handles a message of a front end. Rejects with what the notebook's code throws. */
export async function onComm(
  type: string,
  { comm_id: id, target_name: target, data }: Record<string, unknown>,
  received: CommReceived,
): Promise<void> {
  if (typeof id !== 'string') return;
  const comm = open.get(id);
  if (type === 'comm_msg') await comm?.onMessage(data, received);
  else if (type === 'comm_close') {
    open.delete(id);
    await comm?.onClose(data, received);
  } else if (comm === undefined) {
    const opened = new Comm(String(target), id);
    const handler = targets.get(String(target));
    // The protocol requires that a comm without a target is closed at once.
    if (handler === undefined) return opened.close();
    try {
      await handler(opened, data, received);
    } catch (error) {
      opened.close();
      throw error;
    }
  }
}
