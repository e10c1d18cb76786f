/** Starts the compiler in the background, so that the first pack doesn't wait for it. */
export function warm(): void {}
