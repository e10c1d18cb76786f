import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RouteSnapshot } from '../protocol/index.js';
import type { RouterLike } from './dispatch.js';
import { firstRoutes } from './first-routes.js';
import { snapshot } from './router-harness.test-support.js';

function unrouted() {
  const listeners = new Set<(routes: RouteSnapshot) => void>();
  const router = {
    snapshot: null as RouteSnapshot | null,
    onSnapshot: (listener: (routes: RouteSnapshot) => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  } as unknown as Pick<RouterLike, 'snapshot' | 'onSnapshot'> & { snapshot: RouteSnapshot | null };
  return { router, listeners };
}

test('those that wait for the first routes get them, and later ones too', async () => {
  const { router, listeners } = unrouted();
  const waiting = [firstRoutes(router), firstRoutes(router)];
  const routes = snapshot(1);
  router.snapshot = routes;
  for (const listener of listeners) listener(routes);
  assert.deepEqual(await Promise.all([...waiting, firstRoutes(router)]), [routes, routes, routes]);
  assert.equal(listeners.size, 0);
});

test('those that wait in vain leave nothing behind', async () => {
  const { router, listeners } = unrouted();
  assert.deepEqual(await Promise.all([firstRoutes(router, 5), firstRoutes(router, 0)]), [null, null]);
  assert.equal(listeners.size, 0);
});
