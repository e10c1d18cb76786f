/** `nbserve/host`, loaded when it is first needed: a notebook that serves nothing does not pay for it. */
export type Host = typeof import('nbserve/host');

let loading: Promise<Host> | undefined;

export function host(): Promise<Host> {
  loading ??= import('nbserve/host');
  return loading;
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
