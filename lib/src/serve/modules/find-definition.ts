import { basename } from 'node:path';
import type { ModuleRef } from '../../code/index.js';
import { isNbserveError } from '../../core/index.js';
import { definedAs, definedAt, type Target } from './definitions.js';
import { FailedBeforeDefined, NotDefinedAgain, NotToldApart } from './errors.js';
import { hasPretended } from './inert.js';

/** How long a module whose top level has ended may take to define it in what it has begun there. */
const LATE_MS = 5000;
const LOOK_EVERY_MS = 20;

/** In a replica: the class or function of a deployment, among all that its module defines. */
export class WantedDefinition {
  readonly #ref: ModuleRef;

  constructor(ref: ModuleRef) {
    this.#ref = ref;
  }

  /** What is certainly it, as far as the module has run. */
  certain(): Target | undefined {
    const { definition, deployment } = this.#ref;
    if (definition === undefined) {
      // Of a checkpoint that an older nbserve wrote.
      const named = definedAs(deployment);
      return named.length === 1 ? named[0]?.target : undefined;
    }
    const same = definedAt(definition).filter(({ digest }) => digest === definition.captured);
    // Those of one code that see equal values are the same; else only their order is known.
    const choices = definition.isCertain
      ? same.filter(({ code }, i) => same.findIndex((other) => other.code === code) === i)
      : same;
    return choices[definition.order]?.target;
  }

  /** The same, or, where it sees values that differ from run to run (a time, an id), the one of its name at this place, if it is the only one there. */
  likely(): Target | undefined {
    const certain = this.certain();
    const { definition, deployment } = this.#ref;
    if (certain !== undefined || definition?.isOnlyOfName !== true) return certain;
    const all = definedAt(definition);
    if (all.some(({ digest }) => digest === definition.captured)) return undefined;
    const named = all.filter(({ name }) => name === deployment);
    return named.length === 1 ? named[0]?.target : undefined;
  }

  /**
   * Once the module goes no further.
   * @param isPaused whether it waits for what never comes
   * @throws NBS_NOT_DEFINED_AGAIN, NBS_NOT_TOLD_APART
   */
  async settle(isPaused: () => boolean): Promise<Target> {
    for (const until = Date.now() + LATE_MS; this.likely() === undefined && !isPaused() && Date.now() < until; ) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
    const found = this.likely();
    if (found !== undefined) return found;
    const { file, deployment: name, definition } = this.#ref;
    const all = definition === undefined ? definedAs(name) : definedAt(definition);
    const place = definition === undefined ? 'its top level' : (definition.sites[0] ?? file);
    throw all.length === 0
      ? NotDefinedAgain({ file: basename(file), name, place })
      : NotToldApart({ file: basename(file), name, place, count: all.length });
  }

  /** What to tell when the module failed. */
  failure(error: unknown): unknown {
    if (!hasPretended() || isNbserveError(error) || this.likely() !== undefined) return error;
    const { file, deployment: name } = this.#ref;
    const reason = error instanceof Error ? error.message : String(error);
    return FailedBeforeDefined({ file: basename(file), name, reason }, error);
  }
}
