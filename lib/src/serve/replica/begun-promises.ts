import { createHook } from 'node:async_hooks';

/** Runs a constructor, and adds each promise that is made meanwhile. Hooks cost time, so they are enabled only as long as it runs. */
export function collectPromises<T>(begun: WeakSet<object>, construct: () => T): T {
  const hook = createHook({
    init: (_id, type, _trigger, resource) => {
      if (type === 'PROMISE') begun.add(resource);
    },
  });
  hook.enable();
  try {
    return construct();
  } finally {
    hook.disable();
  }
}
