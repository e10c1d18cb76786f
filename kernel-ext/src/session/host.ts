/** `nbserve/host`, loaded when it is first needed: a notebook that serves nothing does not pay for it. */
export type Host = typeof import('nbserve/host');

let loading: Promise<Host> | undefined;
let loaded: Host | undefined;

export function host(): Promise<Host> {
  loading ??= import('nbserve/host').then((host) => {
    loaded = host;
    return host;
  });
  return loading;
}

/** Starts what a cell that serves will ask for; does nothing where the host is not loaded yet. */
export function startClusterAhead(): void {
  loaded?.startAhead();
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
