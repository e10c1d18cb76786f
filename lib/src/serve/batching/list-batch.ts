import { ownErrors } from './failure.js';
import { callsOf, checkResults, type Item } from './item.js';
import type { ListCall } from './list-call.js';

/** Calls the method with a batch and hands the results back. Never rejects. */
export async function runListBatch(
  method: string,
  items: readonly Item<ListCall>[],
  invoke: (values: unknown[]) => unknown,
): Promise<void> {
  const own = ownErrors();
  try {
    const results = checkResults(method, items, await invoke(items.map(({ value }) => value)));
    items.forEach(({ call, index }, i) => {
      call.settle(index, results[i], own);
    });
  } catch (error) {
    for (const call of callsOf(items)) if (!call.isOver) call.fail(own(error));
  }
}
