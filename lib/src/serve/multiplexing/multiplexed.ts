import { type OptionSpec, parseOptions, systemClock } from '../../core/index.js';
import { requestContext, wantRequestContexts } from '../context/index.js';
import { NoModelId } from './errors.js';
import { ModelCache } from './model-cache.js';
import type { ModelLoader, MultiplexedDecorator, MultiplexedOptions } from './types.js';

const maxNumModelsPerReplica: OptionSpec<number> = {
  doc: 'Largest number of models in one replica, including those that are being loaded or freed. To load one more, the replica frees the model that was not used for the longest time, once no request uses it. -1 means no limit. Set it to the number of models that fit into memory.',
  type: 'number',
  expected: 'an integer of at least 1, or -1 for no limit',
  default: 3,
  parse: (value) => (Number.isSafeInteger(value) && ((value as number) >= 1 || value === -1) ? (value as number) : undefined),
};

/** Every option of `serve.multiplexed`. */
export const MULTIPLEXED_OPTIONS = { maxNumModelsPerReplica } as const;

const caches = new WeakMap<object, Set<ModelCache>>();

/** @throws NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION */
export function multiplexed(options: MultiplexedOptions = {}): MultiplexedDecorator {
  const values = parseOptions('serve.multiplexed', MULTIPLEXED_OPTIONS, { ...options });
  const max = values.maxNumModelsPerReplica === -1 ? Number.POSITIVE_INFINITY : values.maxNumModelsPerReplica;
  const decorate = (load: ModelLoader<object>, context: ClassMethodDecoratorContext): ModelLoader<object> => {
    wantRequestContexts();
    const own = new WeakMap<object, ModelCache>();
    return function (this: object, id) {
      if (typeof id !== 'string' || id === '') {
        const got = id === '' ? "''" : `a value of type ${typeof id}`;
        return Promise.reject(NoModelId({ method: String(context.name), got }));
      }
      let cache = own.get(this);
      if (cache === undefined) {
        cache = new ModelCache({
          label: String(context.name),
          load: (wanted) => load.call(this, wanted),
          max,
          clock: systemClock,
          warn: (line) => console.warn(line),
        });
        own.set(this, cache);
        note(this, cache);
      }
      return cache.get(id, requestContext());
    };
  };
  return decorate as unknown as MultiplexedDecorator;
}

/** Frees every model that an instance's multiplexed methods have loaded. */
export async function disposeModels(instance: object): Promise<void> {
  await Promise.all([...(caches.get(instance) ?? [])].map((cache) => cache.close()));
}

function note(instance: object, cache: ModelCache): void {
  const known = caches.get(instance);
  if (known === undefined) caches.set(instance, new Set([cache]));
  else known.add(cache);
}
