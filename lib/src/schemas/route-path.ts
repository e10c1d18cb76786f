import { InvalidRoutePath } from './errors.js';

const PARAMETER = /^:[A-Za-z_$][\w$]*$/;
/** The characters that a client may write in a path without encoding them. https://www.rfc-editor.org/rfc/rfc3986#section-3.3 */
const FIXED = /^[\w.~!$&'()+,;=@-]+$/;

/** Checks the path of a route. @throws NBS_INVALID_ROUTE_PATH */
export function checkRoutePath(path: unknown): string {
  const refuse = (reason: string): never => {
    throw InvalidRoutePath({ path: typeof path === 'string' ? `'${path}'` : String(path), reason });
  };
  if (typeof path !== 'string') return refuse('it is not a text');
  if (!path.startsWith('/')) return refuse("it does not begin with '/'");
  if (path === '/') return path;
  const segments = path.slice(1).split('/');
  if (segments[0] === '-') refuse("the cluster itself answers below '/-/' if the application is at '/'");
  for (const segment of segments) {
    if (segment === '') refuse("it has a '/' too many");
    if (segment === '.' || segment === '..') refuse(`no client sends '${segment}'`);
    if (segment.startsWith(':') ? !PARAMETER.test(segment) : !FIXED.test(segment))
      refuse(`'${segment}' is neither a plain word nor a parameter such as ':id'`);
  }
  const names = parametersOf(path);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) refuse(`it has the parameter ${twice} twice`);
  return path;
}

/** Returns the names of the parameters in a path. */
export const parametersOf = (path: string): readonly string[] =>
  path.split('/').flatMap((segment) => (segment.startsWith(':') ? [segment.slice(1)] : []));

/** Returns a text that is the same for two paths that match the same requests. */
export const shapeOf = (path: string): string => path.replace(/:[^/]+/g, ':');
