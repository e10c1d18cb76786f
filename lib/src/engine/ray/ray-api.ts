import { type Agent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { rayAuthMode } from '../../core/index.js';
import { RayRefused, RayUnreachable } from './errors.js';
import { rayToken } from './ray-token.js';

const TIMEOUT_MS = 15_000;
const NODES = '/api/v0/nodes?limit=10000';
const MAX_BYTES = 16 * 1024 * 1024;

/** A node of a Ray cluster. */
export interface RayNode {
  readonly id: string;
  readonly ip: string;
  readonly isHead: boolean;
  /** What Ray knows of it, such as `{ CPU: 8, GPU: 1, memory: … }`. */
  readonly resources: Readonly<Record<string, number>>;
}

/** A job as it is submitted. Everybody who may use the Ray cluster can read all of it. */
export interface RayJob {
  readonly submission_id: string;
  readonly entrypoint: string;
  readonly entrypoint_num_cpus: number;
  readonly entrypoint_num_gpus: number;
  readonly entrypoint_memory?: number;
  readonly entrypoint_resources?: Readonly<Record<string, number>>;
  readonly entrypoint_label_selector: Readonly<Record<string, string>>;
  readonly runtime_env: { readonly env_vars: Readonly<Record<string, string>> };
  readonly metadata: Readonly<Record<string, string>>;
}

export type RayJobStatus = 'PENDING' | 'RUNNING' | 'STOPPED' | 'SUCCEEDED' | 'FAILED';

export interface RayJobInfo {
  readonly submission_id: string;
  readonly status: RayJobStatus;
  readonly message?: string;
}

/** A job that has not ended, of whoever uses the Ray cluster. */
export interface RayListedJob {
  readonly id: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Ray's REST API. It uses `node:http`: Ray answers `fetch` with 405, because that sends headers of a browser. */
export class RayApi {
  readonly #base: URL;
  readonly #metadata: RayJob['metadata'];
  #agent: Agent | undefined;
  /** The address of this machine from which Ray was reached last. */
  localAddress = '';

  /**
   * @param address `http://head:8265`
   * @param metadata is added to that of each job that is submitted
   */
  constructor(address: string, metadata: RayJob['metadata'] = {}) {
    this.#base = new URL(address);
    this.#metadata = metadata;
  }

  async version(): Promise<string> {
    const answer = (await this.#json('GET', '/api/version')) as { ray_version?: unknown } | null;
    if (typeof answer?.ray_version !== 'string') throw this.#unexpected('GET', '/api/version');
    return answer.ray_version;
  }

  /** The nodes that are alive. */
  async nodes(): Promise<readonly RayNode[]> {
    const answer = (await this.#json('GET', NODES)) as { data?: { result?: { result?: readonly RawNode[] } } } | null;
    const nodes = answer?.data?.result?.result;
    if (!Array.isArray(nodes)) throw this.#unexpected('GET', NODES);
    return (nodes as readonly RawNode[])
      .filter(({ state }) => state === 'ALIVE')
      .map(({ node_id: id, node_ip: ip, is_head_node: isHead, resources_total: resources }) => ({ id, ip, isHead, resources }));
  }

  async submit(job: RayJob): Promise<void> {
    await this.#json('POST', '/api/jobs/', { ...job, metadata: { ...job.metadata, ...this.#metadata } });
  }

  /** The jobs of everybody that wait or run. */
  async jobs(): Promise<readonly RayListedJob[]> {
    const all = await this.#json('GET', '/api/jobs/');
    if (!Array.isArray(all)) throw this.#unexpected('GET', '/api/jobs/');
    // A driver that connected to Ray by itself has no such id.
    return (all as readonly RawJob[]).flatMap(({ submission_id: id, status, metadata }) =>
      id && (status === 'PENDING' || status === 'RUNNING') ? [{ id, metadata: metadata ?? {} }] : [],
    );
  }

  /** `undefined` if Ray does not know it. */
  async job(id: string): Promise<RayJobInfo | undefined> {
    const path = `/api/jobs/${encodeURIComponent(id)}`;
    const answer = (await this.#json('GET', path, undefined, true)) as RayJobInfo | null | undefined;
    if (answer !== undefined && typeof answer?.status !== 'string') throw this.#unexpected('GET', path);
    return answer;
  }

  async logs(id: string): Promise<string> {
    return ((await this.#json('GET', `/api/jobs/${encodeURIComponent(id)}/logs`)) as { logs?: string } | null)?.logs ?? '';
  }

  async stop(id: string): Promise<void> {
    await this.#json('POST', `/api/jobs/${encodeURIComponent(id)}/stop`);
  }

  /** Removes a job that has ended from Ray's list. */
  async remove(id: string): Promise<void> {
    await this.#json('DELETE', `/api/jobs/${encodeURIComponent(id)}`);
  }

  close(): void {
    this.#agent?.destroy();
  }

  /** @param orNothing whether an answer with 404 is `undefined` and no error. @throws NBS_RAY_UNREACHABLE, NBS_RAY_REFUSED, NBS_RAY_TOKEN_UNREADABLE */
  async #json(method: string, path: string, body?: unknown, orNothing = false): Promise<unknown> {
    const { status, text } = await this.#request(
      method,
      path,
      body === undefined ? undefined : Buffer.from(JSON.stringify(body)),
    );
    const address = this.#base.origin;
    // nbserve's own REST API may answer at Ray's usual port.
    if (status >= 400 && text.includes('"NBS_'))
      throw RayRefused({ address, reason: "that is the REST API of nbserve; give the address of Ray's dashboard" });
    if (status === 401 || status === 403)
      throw RayRefused({
        address,
        reason: `${status}: the token is missing or wrong; set RAY_AUTH_TOKEN or RAY_AUTH_TOKEN_PATH${modeNote()}`,
      });
    if (status === 404 && orNothing) return undefined;
    if (status >= 400)
      throw RayRefused({ address, reason: `${method} ${path} was answered with ${status}: ${text.slice(-500)}` });
    try {
      return JSON.parse(text === '' ? 'null' : text);
    } catch {
      throw this.#unexpected(method, path);
    }
  }

  #unexpected(method: string, path: string): Error {
    const reason = `${method} ${path} was not answered as by Ray; is this the address of Ray's dashboard?`;
    return RayRefused({ address: this.#base.origin, reason });
  }

  async #request(method: string, path: string, body: Buffer | undefined): Promise<{ status: number; text: string }> {
    const token = rayToken();
    const headers = {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': body.length }),
    };
    const { request, agent } = await this.#transport();
    const url = new URL(`${this.#base.origin}${this.#base.pathname.replace(/\/$/, '')}${path}`);
    return new Promise((resolve, reject) => {
      const fail = (error: Error): void => reject(RayUnreachable({ address: this.#base.origin, reason: error.message }, error));
      const sent = request(url, { method, headers, agent, timeout: TIMEOUT_MS }, (response) => {
        this.localAddress = response.socket.localAddress ?? this.localAddress;
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (piece: string) => {
          text += piece;
          if (text.length > MAX_BYTES) response.destroy(new Error(`the answer has over ${MAX_BYTES} bytes`));
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
        response.on('error', fail);
      });
      sent.on('timeout', () => sent.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
      sent.on('error', fail);
      sent.end(body);
    });
  }

  async #transport(): Promise<{ request: Request; agent: Agent }> {
    if (this.#base.protocol === 'https:') {
      const https = await import('node:https');
      this.#agent ??= new https.Agent({ keepAlive: true });
      return { request: https.request as Request, agent: this.#agent };
    }
    const { Agent: HttpAgent } = await import('node:http');
    this.#agent ??= new HttpAgent({ keepAlive: true });
    return { request: httpRequest, agent: this.#agent };
  }
}

/** Why a token that is there is not sent. */
const modeNote = (): string => {
  const mode = rayAuthMode();
  return mode === undefined || mode.toLowerCase() === 'token' ? '' : `; RAY_AUTH_MODE is ${mode}`;
};

type Request = (
  url: URL,
  options: RequestOptions,
  onResponse: (response: IncomingMessage) => void,
) => ReturnType<typeof httpRequest>;

interface RawJob {
  readonly submission_id?: string | null;
  readonly status: RayJobStatus;
  readonly metadata?: RayListedJob['metadata'] | null;
}

interface RawNode {
  readonly node_id: string;
  readonly node_ip: string;
  readonly is_head_node: boolean;
  readonly state: string;
  readonly resources_total: Readonly<Record<string, number>>;
}
