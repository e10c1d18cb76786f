/** A handle as it travels: in constructor arguments, captured values and call arguments. */
export interface HandleRef {
  readonly app: string;
  readonly deployment: string;
}
