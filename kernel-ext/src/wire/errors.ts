/** Marks coded errors of every package of nbserve; `isNbserveError` of the library recognises it. */
const MARK = Symbol.for('nbserve.error');

/**
 * A coded error of the kernel's start and installation. The library's `defineError` is not used here:
 * loading the library would delay the first answer to Jupyter.
 */
export class KernelError extends Error {
  readonly code: string;
  readonly status = 500;

  constructor(code: `NBS_${string}`, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'KernelError';
    this.code = code;
    Object.defineProperty(this, MARK, { value: true });
  }
}
