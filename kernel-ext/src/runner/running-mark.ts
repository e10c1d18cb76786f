type Metadata = Record<string, unknown>;

const KEY = 'nbserve';
const RUNNING = 'running';

/** Marks a notebook or a cell as running in its metadata: `nbserve: { status: 'running' }`. The mark is left if the run's process is killed. */
export function markRunning(metadata: Metadata): void {
  const own = metadata[KEY];
  // Another value than an object is somebody else's.
  if (own === undefined || isObject(own)) metadata[KEY] = { ...own, status: RUNNING };
}

/** Removes the mark, which may be of an earlier run. */
export function unmarkRunning(metadata: Metadata): void {
  const own = metadata[KEY];
  if (!isObject(own) || own.status !== RUNNING) return;
  const { status: _, ...rest } = own;
  if (Object.keys(rest).length === 0) delete metadata[KEY];
  else metadata[KEY] = rest;
}

const isObject = (value: unknown): value is Metadata => typeof value === 'object' && value !== null && !Array.isArray(value);
