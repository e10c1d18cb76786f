let inert = false;

/** Called by a replica: modules that it imports call `serve.run` at their top level, and there it must do nothing. */
export function makeInert(): void {
  inert = true;
}

export const isInert = (): boolean => inert;
