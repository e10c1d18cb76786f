/** A path of Fastify's router, in the form that OpenAPI uses. */
export interface OpenapiPath {
  readonly path: string;
  /** The names of its parameters. */
  readonly names: readonly string[];
}

/** Returns the path. If its last parameter is optional, it also returns the path without that parameter, because OpenAPI needs one path for each. */
export function openapiPaths(url: string): readonly OpenapiPath[] {
  const whole = openapiPath(url);
  if (!/:\w+(\(.*\))?\?$/.test(url)) return [whole];
  const path = whole.path.slice(0, whole.path.lastIndexOf('/')) || '/';
  return [whole, { path, names: whole.names.slice(0, -1) }];
}

/** Converts `/items/:id(^\\d+$)` to `/items/{id}`, and `*` to `{wildcard}`. `::` means a colon. */
export function openapiPath(url: string): OpenapiPath {
  const names: string[] = [];
  let path = '';
  for (let at = 0; at < url.length; ) {
    const character = url[at] as string;
    if (character === '*') {
      names.push('wildcard');
      path += '{wildcard}';
      at += 1;
    } else if (character !== ':') {
      path += character;
      at += 1;
    } else if (url[at + 1] === ':') {
      path += ':';
      at += 2;
    } else {
      const [, name = ''] = /^:(\w*)/.exec(url.slice(at)) ?? [];
      names.push(name);
      path += `{${name}}`;
      at = afterPattern(url, at + 1 + name.length);
    }
  }
  return { path: path === '' ? '/' : path, names };
}

/** Returns the offset after a regular expression in brackets and after the `?` of an optional parameter. */
function afterPattern(url: string, from: number): number {
  let at = from;
  if (url[at] === '(') {
    for (let depth = 0; at < url.length; at += 1) {
      if (url[at] === '\\') at += 1;
      else if (url[at] === '(') depth += 1;
      else if (url[at] === ')') {
        depth -= 1;
        if (depth === 0) break;
      }
    }
    at += 1;
  }
  return url[at] === '?' ? at + 1 : at;
}
