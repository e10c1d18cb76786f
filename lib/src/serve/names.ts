import { InvalidAppName, InvalidRoutePrefix } from './errors.js';

/** @throws NBS_INVALID_APP_NAME */
export function checkAppName(name: unknown): string {
  if (typeof name === 'string' && /^[\p{L}\p{N}][\p{L}\p{N}_.-]{0,127}$/u.test(name)) return name;
  throw InvalidAppName({ name: JSON.stringify(name) ?? String(name) });
}

/** @throws NBS_INVALID_ROUTE_PREFIX */
export function checkRoutePrefix(prefix: unknown): string | null {
  if (prefix === null) return null;
  if (typeof prefix === 'string' && (prefix === '/' || /^(\/[^/?#{}\s\p{C}]+)+$/u.test(prefix)) && !/^\/-(\/|$)/.test(prefix))
    return prefix;
  throw InvalidRoutePrefix({ prefix: JSON.stringify(prefix) ?? String(prefix) });
}

/** A prefix that is one. @throws NBS_INVALID_ROUTE_PREFIX */
export function requiredPrefix(prefix: unknown): string {
  return checkRoutePrefix(prefix ?? '') as string;
}
