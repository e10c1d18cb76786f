/** Control operations that a process with a router answers (to the controller), on the connection on which it gets its routes. */
export interface RouterOps {
  /** How many calls the replica has begun for this router that somebody waits for. */
  awaited: { args: { readonly replica: string }; result: number };
}
