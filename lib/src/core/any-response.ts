/** Whether this is a Response, of the platform or of another implementation, such as that of the package undici. */
export function isAnyResponse(value: unknown): value is Response {
  if (value instanceof Response) return true;
  const { status, headers, arrayBuffer } = (value ?? {}) as Partial<Response>;
  return typeof status === 'number' && typeof arrayBuffer === 'function' && typeof headers?.get === 'function';
}
