import type { GivenDigest } from './digest.js';
import { unreachable, type Wanted } from './download-file.js';
import { HubRefused } from './errors.js';
import { withinTime } from './within-time.js';

/** A file of a repository of the Hugging Face hub, or of a server with its interface. */
export interface HubFile {
  /** `HuggingFaceTB/SmolLM2-135M-Instruct` */
  readonly hub: string;
  /** A branch, a tag or a commit. */
  readonly revision: string;
  /** Its path in the repository. */
  readonly path: string;
}

export interface HubAddress {
  /** `https://huggingface.co`, or a mirror of it, which may have a path before those of the repositories. */
  readonly endpoint: string;
  /** For repositories that are closed. It is sent to the endpoint only, and not to the server of the bytes. */
  readonly token?: string | undefined;
}

const HUB = { server: 'the hub', setting: 'HF_ENDPOINT' } as const;
const ANSWER_TIMEOUT_MS = 10_000;
const MOST_REDIRECTS = 5;
const NO_HUB =
  'its answer names neither a commit nor a digest, so it is no hub; HF_ENDPOINT must be the address of the Hugging Face hub or of a mirror of it';

/**
 * What the hub says about a file: which bytes, of which commit.
 * The header `x-linked-etag` is the sha256 of a large file; the ETag of a small one is git's id of it.
 * @throws NBS_SERVER_UNREACHABLE, NBS_HUB_REFUSED
 */
export async function askHub(
  file: HubFile,
  address: HubAddress,
  timeoutMs = ANSWER_TIMEOUT_MS,
): Promise<Wanted & { readonly commit: string; readonly bytes: number }> {
  const what = `${file.hub}@${file.revision}, ${file.path}`;
  const { href: url, origin } = addressOf(file, address.endpoint);
  const headers: Record<string, string> = address.token === undefined ? {} : { authorization: `Bearer ${address.token}` };
  const said = new Headers();
  let at = url;
  for (let redirects = 0; ; redirects += 1) {
    const response = await head(at, new URL(at).origin === origin ? headers : {}, timeoutMs);
    const next = response.headers.get('location');
    for (const [name, value] of response.headers) {
      // The length of a redirect's own body is not the file's.
      if (!said.has(name) && !(name === 'content-length' && next !== null)) said.set(name, value);
    }
    if (response.status >= 400 || redirects > MOST_REDIRECTS)
      throw HubRefused({ endpoint: address.endpoint, file: what, reason: reasonOf(response, address) });
    if (next === null) break;
    const isElsewhere = new URL(next, at).origin !== new URL(at).origin;
    // The server of the bytes knows nothing about commits. A mirror that only points to the hub does not know them either: there, the hub is asked.
    if (isElsewhere && said.has('x-repo-commit')) break;
    at = new URL(next, at).href;
  }
  const digest = digestIn(said.get('x-linked-etag') ?? said.get('etag') ?? '');
  const commit = said.get('x-repo-commit') ?? '';
  // Any web server answers something, such as the page of a login.
  if (commit === '' && digest === null) throw HubRefused({ endpoint: address.endpoint, file: what, reason: NO_HUB });
  const name = digest?.hex ?? `${file.hub}-${commit}-${file.path}`.replaceAll('/', '-');
  const bytes = Number(said.get('x-linked-size') ?? said.get('content-length') ?? 0);
  return { ...HUB, what, url, headers, key: `hub-${name}`, commit, bytes, ...(digest === null ? {} : { digest }) };
}

/** @throws NBS_HUB_REFUSED if the endpoint is no address */
function addressOf({ hub, revision, path }: HubFile, endpoint: string): URL {
  const below = `${hub}/resolve/${revision}/${path}`;
  if (/^https?:\/\//.test(endpoint) && URL.canParse(endpoint)) return new URL(`${endpoint.replace(/\/+$/, '')}/${below}`);
  throw HubRefused({ endpoint, file: below, reason: 'HF_ENDPOINT must be an address such as https://huggingface.co' });
}

async function head(url: string, headers: Record<string, string>, timeoutMs: number): Promise<Response> {
  try {
    const given = { 'accept-encoding': 'identity', ...headers };
    return await withinTime(timeoutMs, (signal) => fetch(url, { method: 'HEAD', headers: given, redirect: 'manual', signal }));
  } catch (error) {
    throw unreachable(HUB, error);
  }
}

function digestIn(etag: string): GivenDigest | null {
  const hex = etag.replace(/^W\//, '').replaceAll('"', '');
  if (/^[0-9a-f]{64}$/.test(hex)) return { algorithm: 'sha256', hex };
  return /^[0-9a-f]{40}$/.test(hex) ? { algorithm: 'git-sha1', hex } : null;
}

function reasonOf({ status, headers }: Response, { token }: HubAddress): string {
  const code = headers.get('x-error-code') ?? '';
  if (code === 'EntryNotFound') return 'the repository has no such file';
  if (code === 'RevisionNotFound') return 'the repository has no such revision';
  if (code === 'GatedRepo')
    return 'its owner gives it only to users who have accepted its terms on the page of the model; then set HF_TOKEN';
  // The hub does not say whether a repository exists to somebody who may not read it.
  if (status === 401 || code === 'RepoNotFound')
    return token === undefined
      ? 'there is no such repository, or it is closed; if you may read it, set HF_TOKEN'
      : 'there is no such repository, or the token in HF_TOKEN may not read it';
  if (status === 403) return 'the token in HF_TOKEN may not read it';
  return status === 404 ? 'there is no such file' : `it answered with status ${status}`;
}
