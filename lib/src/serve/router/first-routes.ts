import { afterArrivals } from '../../core/index.js';
import type { RouteSnapshot } from '../protocol/index.js';
import type { RouterLike } from './dispatch.js';

/** How long a request waits for the first routes after the start of its proxy. */
export const FIRST_ROUTES_WAIT_MS = 10_000;

/**
 * Resolves with the routes as soon as there are any, or with null if none come in time. Of those that have waited in vain, nothing is left.
 * @param mostMs a shorter time to wait
 */
export function firstRoutes(
  router: Pick<RouterLike, 'snapshot' | 'onSnapshot'>,
  mostMs = FIRST_ROUTES_WAIT_MS,
): Promise<RouteSnapshot | null> {
  const waitMs = Math.min(mostMs, FIRST_ROUTES_WAIT_MS);
  if (router.snapshot !== null) return Promise.resolve(router.snapshot);
  return new Promise((resolve) => {
    const settle = (routes: RouteSnapshot | null): void => {
      clearTimeout(timer);
      forget();
      resolve(routes);
    };
    const forget = router.onSnapshot(settle);
    const dueAt = performance.now() + waitMs;
    const timer = setTimeout(() => afterArrivals(dueAt, () => settle(router.snapshot)), waitMs);
  });
}
