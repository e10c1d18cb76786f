import { basename } from 'node:path';
import type { ModuleRef } from '../../code/index.js';
import { isNbserveError } from '../../core/index.js';
import { definedAs, definedAt, type Target } from './definitions.js';
import { FailedBeforeDefined, NotDefinedAgain, NotToldApart } from './errors.js';
import { hasPretended } from './inert.js';

/** If the top level of a module has ended, work that it began there may take this long to make the definition. */
const LATE_MS = 5000;
const LOOK_EVERY_MS = 20;

/** In a replica: the class or function of a deployment, among all that its module defines. */
export class WantedDefinition {
  readonly #ref: ModuleRef;

  constructor(ref: ModuleRef) {
    this.#ref = ref;
  }

  /** The target that is certainly right, according to what the module has defined so far. */
  certain(): Target | undefined {
    const { definition, deployment } = this.#ref;
    if (definition === undefined) {
      // An older nbserve wrote this into the checkpoint.
      const named = definedAs(deployment);
      return named.length === 1 ? named[0]?.target : undefined;
    }
    const same = definedAt(definition).filter(({ digest }) => digest === definition.captured);
    // Definitions with the same code that see equal values are the same. Otherwise only their order is known.
    const choices = definition.isCertain
      ? same.filter(({ code }, i) => same.findIndex((other) => other.code === code) === i)
      : same;
    return choices[definition.order]?.target;
  }

  /**
   * The same; but if it sees values that differ from run to run (a time, an id), the definition with its name at this place, if there is only one.
   */
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
   * To be called when the module does not continue.
   * @param isPaused whether it waits for something that never happens
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

  /** The error to report if the module has failed. */
  failure(error: unknown): unknown {
    if (!hasPretended() || isNbserveError(error) || this.likely() !== undefined) return error;
    const { file, deployment: name } = this.#ref;
    const reason = error instanceof Error ? error.message : String(error);
    return FailedBeforeDefined({ file: basename(file), name, reason }, error);
  }
}
