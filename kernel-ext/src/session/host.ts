import { AsyncResource } from 'node:async_hooks';
import { createRequire } from 'node:module';
import { forgetLastStat } from './path-lookup.js';
import { currentCell, currentCellNumber, runAsCell } from './running-cell.js';
import type { SessionOptions } from './session.js';

/** `nbserve/host`, loaded when it is first needed: a notebook that serves nothing does not pay for it. */
export type Host = typeof import('nbserve/host');

/** The notebook; `key` stays the same over restarts of its kernel. */
export interface Owner {
  readonly key?: string;
  /** What people know it by, e.g. its path. */
  readonly name: string;
}

let owner: Owner | undefined;
/** This is bound while the kernel loads, outside of all cells, so what it prints goes to the cell that runs. */
const inNoCell = AsyncResource.bind((print: () => void) => print());
let loading: Promise<Host> | undefined;
let loaded: Host | undefined;

const own = createRequire(import.meta.url);
let whole: NonNullable<SessionOptions['uninterruptible']> = (work) => work();

/** From now on, the host is loaded as a whole: if V8 ended the code while Node requires a module, Node would abort the process. */
export function loadWhole(uninterruptible: typeof whole): void {
  whole = uninterruptible;
}

let debugging: Parameters<Host['setCallers']>[0]['debugging'];

/** Call this before the host is needed: a debugger sees the replicas that cells call. */
export function setDebugging(replicas: NonNullable<typeof debugging>): void {
  debugging = replicas;
}

/** The host, without waiting for it. */
export function hostNow(): Host {
  return loaded ?? whole(() => own('nbserve/host') as Host);
}

export function host(): Promise<Host> {
  if (loading === undefined) forgetLastStat();
  // This is not an import, because a cell that then uses `serve` requires nbserve, and Node cannot require a module that is being imported.
  // At once and as a whole: if the cell's code is terminated, V8 drops what waits to run, and a promise that waited would never settle.
  loading ??= new Promise<Host>((resolve) => resolve(whole(load)));
  // The next one that needs it tries again.
  loading.catch(() => {
    loading = undefined;
  });
  return loading;
}

function load(): Host {
  const host = own('nbserve/host') as Host;
  host.setOwnLinesContext(inNoCell);
  host.setCallers({
    current: currentCellNumber,
    interruption: () => currentCell()?.interrupted,
    run: runAsCell,
    ...(debugging && { debugging }),
  });
  if (owner?.key !== undefined) host.setOwnerKey(owner.key);
  if (owner !== undefined) host.setOwnerName(owner.name);
  // Notices appear below the cell that runs when they are printed.
  host.setNoticePrinter((text) => console.log(text));
  loaded = host;
  return host;
}

/** Call this before the host is needed: a restarted kernel waits until the cluster of its predecessor has ended, and gets its port. */
export function nameOwner(named: Owner): void {
  owner = named;
}

/** Starts the cluster that a cell will ask for, and the compiler for what it will deploy. It does nothing if the host is not loaded yet. */
export function startClusterAhead(): void {
  loaded?.startAhead();
  loaded?.startCompiler();
}

/** Waits until what replicas have printed by now has arrived, for `limitMs` at most. It does nothing if the notebook serves nothing. */
export async function replicasPrinted(limitMs: number): Promise<void> {
  await loaded?.logsDelivered(limitMs);
}

/** The host if anything has needed it. */
export function loadedHost(): Promise<Host> | undefined {
  return loading;
}

/** Loads the host and lets it load what it compiles with. If that fails, the first cell that needs the host says so. */
export function warmHost(): void {
  host().then(
    ({ warm }) => whole(warm),
    () => {},
  );
}

/** A cell with this text most likely needs a cluster. A wrong guess costs processes that nobody uses until the notebook ends. */
const RUNS = /\bserve\s*\.\s*run\s*\(/;
/** With this text, the cell chooses the address itself. */
const STARTS = /\bserve\s*\.\s*start\s*\(/;

/** Whether a cell that is about to run will start a cluster at the usual address. That cluster boots while TypeScript looks at the cell. */
export const willServe = (code: string): boolean => RUNS.test(code) && !STARTS.test(code);
