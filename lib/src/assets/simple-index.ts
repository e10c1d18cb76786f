import { withinTime } from '../downloads/index.js';
import type { RegistrySource } from './manifest.js';

export interface Wheel {
  readonly url: string;
  readonly sha256: string;
  /** If the index says it. */
  readonly bytes?: number;
}

/** The page of a package, as JSON (PEP 691) or as HTML (PEP 503): PyPI gives both, and mirrors of it at least the second. */
const ACCEPT = 'application/vnd.pypi.simple.v1+json, text/html;q=0.5';

/**
 * Finds the wheel of a source in an index of Python packages.
 * @param index its address, such as `https://pypi.org/simple`
 * @returns null if the index does not name it, or does not say its sha256
 */
export async function findWheel(index: string, source: RegistrySource, timeoutMs: number): Promise<Wheel | null> {
  const page = `${index.replace(/\/$/, '')}/${source.package}/`;
  return withinTime(timeoutMs, async (signal) => {
    const response = await fetch(page, { headers: { accept: ACCEPT }, signal });
    if (!response.ok) throw new Error(`${new URL(index).host} answered with status ${response.status}`);
    return wheelOn(await response.text(), response.url, source);
  });
}

/** @param text the page, as JSON or HTML @param at its address */
export function wheelOn(text: string, at: string, { wheel }: RegistrySource): Wheel | null {
  if (wheel === undefined) return null;
  if (text.trimStart().startsWith('{')) {
    const { files } = JSON.parse(text) as {
      readonly files: readonly {
        readonly filename: string;
        readonly url: string;
        readonly size?: number;
        readonly hashes: { readonly sha256?: string };
      }[];
    };
    const file = files.find(({ filename }) => filename === wheel);
    if (file?.hashes.sha256 === undefined) return null;
    const size = file.size === undefined ? {} : { bytes: file.size };
    return { url: new URL(file.url, at).href, sha256: file.hashes.sha256, ...size };
  }
  for (const [, href = ''] of text.matchAll(/<a\s[^>]*href="([^"]+)"/gi)) {
    const url = new URL(href.replaceAll('&amp;', '&'), at);
    const sha256 = /^#sha256=([0-9a-f]{64})$/.exec(url.hash)?.[1];
    if (sha256 === undefined || decodeURIComponent(url.pathname).split('/').at(-1) !== wheel) continue;
    url.hash = '';
    return { url: url.href, sha256 };
  }
  return null;
}
