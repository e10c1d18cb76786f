/** The message of which it is a part, and the text that clients read. */
interface Told {
  readonly message: string;
  readonly text: string;
}

const TOLD = Symbol.for('nbserve.error.told');

/**
 * Says what clients without the cluster's token read of the error's message, if they may read it at all: that without names of the cluster and texts
 * of user code. It goes with the error to other processes. If code gives the error another message, they read that one.
 */
export function tellClients<E extends Error>(error: E, text: string): E {
  const told: Told = { message: error.message, text };
  Object.defineProperty(error, TOLD, { value: told, configurable: true });
  return error;
}

/** What clients read of the message of an error, if they may read it. */
export function toldText(error: Error): string {
  const told = (error as unknown as Record<symbol, Told | undefined>)[TOLD];
  return told !== undefined && told.message === error.message ? told.text : error.message;
}
