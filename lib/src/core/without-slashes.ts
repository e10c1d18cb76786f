/** A path without the slashes at its end. The expression `/\/+$/` would take quadratic time if a client sends many slashes and something after them. */
export function withoutSlashes(path: string): string {
  let end = path.length;
  while (end > 0 && path[end - 1] === '/') end -= 1;
  return path.slice(0, end);
}
