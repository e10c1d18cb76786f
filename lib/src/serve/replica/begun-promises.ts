import { createHook } from 'node:async_hooks';

/**
 * The promises that user code makes while it starts: a constructor, or the body of a module or of shipped cells. Hooks cost time, so they are enabled only
 * as long as that code runs. What stays is about 10 ns for each `await` afterwards: when a promise hook has run once, V8 keeps a shortcut closed. A request
 * has some tens of these, so that is less than a microsecond.
 */
export class BegunPromises {
  readonly #made = new WeakSet<object>();
  #isOpen = false;
  readonly #hook = createHook({
    init: (_id, type, _trigger, resource) => {
      if (type === 'PROMISE') this.#made.add(resource);
    },
  });

  has(promise: object): boolean {
    return this.#made.has(promise);
  }

  /** Adds each promise that is made while `run` runs. */
  during<T>(run: () => T): T {
    this.begin();
    try {
      return run();
    } finally {
      this.end();
    }
  }

  /** Adds each promise that is made until `end` is called; at most until the code that runs now returns or awaits something. */
  begin(): void {
    this.#enable(true);
    queueMicrotask(() => this.end());
  }

  end(): void {
    this.#enable(false);
  }

  /** Runs code that is not the user's own, such as a package that the user's code requires. */
  without<T>(run: () => T): T {
    if (!this.#isOpen) return run();
    this.#enable(false);
    try {
      return run();
    } finally {
      this.#enable(true);
    }
  }

  #enable(isOpen: boolean): void {
    if (isOpen === this.#isOpen) return;
    this.#isOpen = isOpen;
    if (isOpen) this.#hook.enable();
    else this.#hook.disable();
  }
}
