import { type Clock, noteKind, noteMethod } from '../../core/index.js';
import { BatchedList, BatchedStream } from './batched-method.js';
import { BatchCall, NotBatched } from './errors.js';
import { END, ItemFailure } from './failure.js';
import { batchSettings } from './options.js';
import type { Batch, BatchDecorator, BatchOptions } from './types.js';

type Method = (this: object, values: unknown[]) => unknown;
type Batched = BatchedList | BatchedStream;

/** Notes of the names of batched methods. */
const BATCHED = noteKind('batched');

type BatchedMethods = Map<string, { readonly batched: Batched; options: BatchOptions }>;

/** The batched methods of each instance, by name. */
const batchedMethods = new WeakMap<object, BatchedMethods>();

/** Times with any origin. Unlike the system's clock, it keeps the process alive, because callers that wait for a batch must get an answer. */
const batchClock: Clock = {
  now: () => performance.now(),
  after(delayMs, action) {
    if (delayMs <= 0) {
      const tick = setImmediate(action);
      return () => clearImmediate(tick);
    }
    const timer = setTimeout(action, delayMs);
    return () => clearTimeout(timer);
  },
};

/** Makes `serve.batch` with a clock of your choice. */
export function createBatch(clock: Clock): Batch {
  const batch = (options: BatchOptions = {}): BatchDecorator => {
    const settings = batchSettings(options);
    const decorate = (method: Method, context: ClassMethodDecoratorContext): Method => {
      const name = String(context.name);
      noteMethod(context, BATCHED, name);
      const own = new WeakMap<object, Batched>();
      const batchedOf = (instance: object): Batched => {
        let batched = own.get(instance);
        if (batched === undefined) {
          const Kind = isAsyncGenerator(method) ? BatchedStream : BatchedList;
          const label = `${classNameOf(instance)}.${name}`;
          batched = new Kind({ label, settings, clock, invoke: (values) => method.call(instance, values) });
          own.set(instance, batched);
        }
        return batched;
      };
      // This runs for each instance before the body of its constructor.
      context.addInitializer(function (this: unknown) {
        const instance = this as object;
        const methods: BatchedMethods = batchedMethods.get(instance) ?? new Map();
        methods.set(name, { batched: batchedOf(instance), options });
        batchedMethods.set(instance, methods);
      });
      const joined = function (this: unknown, ...args: unknown[]): unknown {
        if (typeof this !== 'object' || this === null) {
          throw BatchCall({ method: name, reason: 'call it on its instance, as in `this.predict([item])`' });
        }
        return batchedOf(this).call(args);
      };
      return Object.defineProperty(joined, 'name', { value: method.name });
    };
    return decorate as unknown as BatchDecorator;
  };
  return Object.assign(batch, {
    configure,
    error: (reason: unknown) => new ItemFailure(reason) as never,
    end: END as never,
  });
}

function configure(instance: object, method: string, options: BatchOptions): void {
  const methods = batchedMethods.get(instance);
  const known = methods?.get(method);
  if (known === undefined) {
    const batched = [...(methods?.keys() ?? [])].join(', ') || 'none';
    throw NotBatched({ method, instance: classNameOf(instance), batched });
  }
  const merged = { ...known.options, ...options };
  known.batched.configure(batchSettings(merged));
  known.options = merged;
}

// Functions of a cell come from another realm, so the tag is checked and not the prototype.
function isAsyncGenerator(method: Method): boolean {
  return Object.prototype.toString.call(method) === '[object AsyncGeneratorFunction]';
}

function classNameOf(instance: object): string {
  return (instance.constructor as { name?: string } | undefined)?.name || 'this class';
}

export const batch = createBatch(batchClock);
