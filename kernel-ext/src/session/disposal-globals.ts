/** Gives Node 20 the names of explicit resource management and of decorators' metadata, whose types every cell has. Later versions have them. */
export function installDisposalGlobals(): void {
  // esbuild's decorators and those of TypeScript look for this one.
  define(Symbol, 'metadata', Symbol.for('Symbol.metadata'));
  define(globalThis, 'SuppressedError', Suppressed);
  define(globalThis, 'DisposableStack', Stack);
  define(globalThis, 'AsyncDisposableStack', AsyncStack);
}

function define(target: object, name: string, value: unknown): void {
  if (Reflect.get(target, name) !== undefined) return;
  Object.defineProperty(target, name, { value, configurable: true, writable: true, enumerable: false });
}

/** The error of a disposal, and the one that was on its way already. */
export function suppressedError(error: unknown, suppressed: unknown): Error {
  const { SuppressedError } = globalThis as unknown as { SuppressedError: new (...args: unknown[]) => Error };
  return new SuppressedError(error, suppressed, 'An error was suppressed during disposal');
}

class Suppressed extends Error {
  override readonly name = 'SuppressedError';

  constructor(
    readonly error: unknown,
    readonly suppressed: unknown,
    message?: string,
  ) {
    super(message);
  }
}
Object.defineProperty(Suppressed, 'name', { value: 'SuppressedError' });

type Dispose = () => unknown;

/** What both kinds of stack do; https://tc39.es/proposal-explicit-resource-management */
class Entries {
  #entries: Dispose[] = [];
  #disposed = false;

  get isDisposed(): boolean {
    return this.#disposed;
  }

  add(dispose: Dispose): void {
    if (this.#disposed) throw new ReferenceError('the stack is disposed of already');
    this.#entries.push(dispose);
  }

  /** All entries, newest first; there are none afterwards. */
  take(): Dispose[] {
    const entries = this.#disposed ? [] : this.#entries.reverse();
    this.#entries = [];
    this.#disposed = true;
    return entries;
  }

  moveTo(other: Entries): void {
    if (this.#disposed) throw new ReferenceError('the stack is disposed of already');
    for (const dispose of this.take().reverse()) other.add(dispose);
  }
}

function disposer(value: unknown, symbols: readonly symbol[]): Dispose {
  for (const symbol of symbols) {
    const dispose = (value as Record<symbol, unknown>)[symbol];
    if (typeof dispose === 'function') return () => dispose.call(value);
  }
  throw new TypeError(`${String(value)} cannot be disposed of: it has no [Symbol.dispose]()`);
}

/** Errors of several disposals as one. */
class Failures {
  #found: { readonly thrown: unknown } | undefined;

  add(error: unknown): void {
    this.#found = { thrown: this.#found === undefined ? error : suppressedError(error, this.#found.thrown) };
  }

  end(): void {
    if (this.#found !== undefined) throw this.#found.thrown;
  }
}

class Stack {
  readonly #entries = new Entries();

  get disposed(): boolean {
    return this.#entries.isDisposed;
  }

  use<T>(value: T): T {
    if (value !== null && value !== undefined) this.#entries.add(disposer(value, [Symbol.dispose]));
    return value;
  }

  adopt<T>(value: T, dispose: (value: T) => void): T {
    this.#entries.add(() => dispose(value));
    return value;
  }

  defer(dispose: () => void): void {
    this.#entries.add(dispose);
  }

  move(): Stack {
    const moved = new Stack();
    this.#entries.moveTo(moved.#entries);
    return moved;
  }

  dispose(): void {
    const failures = new Failures();
    for (const dispose of this.#entries.take()) {
      try {
        dispose();
      } catch (error) {
        failures.add(error);
      }
    }
    failures.end();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  get [Symbol.toStringTag](): string {
    return 'DisposableStack';
  }
}
Object.defineProperty(Stack, 'name', { value: 'DisposableStack' });

class AsyncStack {
  readonly #entries = new Entries();

  get disposed(): boolean {
    return this.#entries.isDisposed;
  }

  use<T>(value: T): T {
    if (value !== null && value !== undefined) this.#entries.add(disposer(value, [Symbol.asyncDispose, Symbol.dispose]));
    return value;
  }

  adopt<T>(value: T, dispose: (value: T) => unknown): T {
    this.#entries.add(() => dispose(value));
    return value;
  }

  defer(dispose: () => unknown): void {
    this.#entries.add(dispose);
  }

  move(): AsyncStack {
    const moved = new AsyncStack();
    this.#entries.moveTo(moved.#entries);
    return moved;
  }

  async disposeAsync(): Promise<void> {
    const failures = new Failures();
    for (const dispose of this.#entries.take()) {
      try {
        await dispose();
      } catch (error) {
        failures.add(error);
      }
    }
    failures.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.disposeAsync();
  }

  get [Symbol.toStringTag](): string {
    return 'AsyncDisposableStack';
  }
}
Object.defineProperty(AsyncStack, 'name', { value: 'AsyncDisposableStack' });
