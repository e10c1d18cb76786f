import { AsyncResource } from 'node:async_hooks';
import { currentCellNumber, runAsCell } from './running-cell.js';

/** `nbserve/host`, loaded when it is first needed: a notebook that serves nothing does not pay for it. */
export type Host = typeof import('nbserve/host');

/** The notebook; `key` stays the same over restarts of its kernel. */
export interface Owner {
  readonly key?: string;
  /** What people know it by, e.g. its path. */
  readonly name: string;
}

let owner: Owner | undefined;
/** Loaded with the kernel, so this is in no cell: what is printed there goes to the cell that runs. */
const inNoCell = AsyncResource.bind((print: () => void) => print());
let loading: Promise<Host> | undefined;
let loaded: Host | undefined;

export function host(): Promise<Host> {
  loading ??= import('nbserve/host').then((host) => {
    loaded = host;
    host.setOwnLinesContext(inNoCell);
    host.setCallers({ current: currentCellNumber, run: runAsCell });
    if (owner?.key !== undefined) host.setOwnerKey(owner.key);
    if (owner !== undefined) host.setOwnerName(owner.name);
    // What it says is for the cell that runs then.
    host.setNoticePrinter((text) => console.log(text));
    return host;
  });
  return loading;
}

/** To be called before the host is needed: a restarted kernel waits for its predecessor's cluster to end, and gets its port. */
export function nameOwner(named: Owner): void {
  owner = named;
}

/** Starts what a cell that serves will ask for; does nothing where the host is not loaded yet. */
export function startClusterAhead(): void {
  loaded?.startAhead();
}

/** Waits until what replicas have printed by now has arrived, for `limitMs` at most; does nothing where nothing serves. */
export async function replicasPrinted(limitMs: number): Promise<void> {
  await loaded?.logsDelivered(limitMs);
}

/** The host if anything has needed it. */
export function loadedHost(): Promise<Host> | undefined {
  return loading;
}

/** Loads the host and lets it load what it compiles with. Where that fails, the first cell that needs it says so. */
export function warmHost(): void {
  host().then(
    ({ warm }) => warm(),
    () => {},
  );
}
