const ROOT = new URL('../', import.meta.url).href;
const SCHEME = 'nbserve:';

/** A name for a module of nbserve, by which another machine finds it in the folder that nbserve has there. Other URLs stay as they are. */
export function nameOfOwnModule(url: string): string {
  return url.startsWith(ROOT) ? SCHEME + url.slice(ROOT.length) : url;
}

/** The URL of a module of nbserve on this machine. */
export function urlOfOwnModule(name: string): string {
  return name.startsWith(SCHEME) ? new URL(name.slice(SCHEME.length), ROOT).href : name;
}
