import { basename } from 'node:path';
import type { ApplicationConfig } from '../config/index.js';
import { keptOptions, parseConfig } from '../config/index.js';
import { InTurn } from '../core/index.js';
import { type Client, deleteApplication, noSuchApplication } from '../host/index.js';
import { NoEndpoint, WrongControlMethod } from './errors.js';
import { rayApplication, rayDetails } from './ray-details.js';

/** What the answer to a call is. */
export interface ControlAnswer {
  readonly status: 200;
  readonly body: unknown;
}

/** Deploys a configuration: imports its modules and hands its applications to the cluster. */
export type DeployConfigText = (text: string) => Promise<void>;

export interface ControlCall {
  readonly method: string;
  /** Decoded parts of the path, without empty ones at the ends. */
  readonly path: readonly string[];
  /** Reads the body, which is a configuration. @throws NBS_CONFIG_TOO_LARGE, NBS_NOT_A_CONFIG_TYPE */
  readonly body: () => Promise<string>;
}

type Handler = (call: ControlCall) => Promise<unknown>;

/** The version of Ray's REST API whose paths these are. */
const RAY_API_VERSION = '4';

/** The endpoints of the REST API. It knows no HTTP. */
export class ControlApi {
  readonly #client: () => Promise<Client>;
  readonly #deploy: DeployConfigText;
  readonly #version: string;
  /** Changes are made one after the other, so that the last one counts. A deletion is made when it was sent: its replicas may take minutes to end their requests. */
  readonly #changes = new InTurn();

  constructor(options: { readonly client: () => Promise<Client>; readonly deploy: DeployConfigText; readonly version: string }) {
    this.#client = options.client;
    this.#deploy = options.deploy;
    this.#version = options.version;
  }

  /** @throws NBS_NO_ENDPOINT, NBS_WRONG_CONTROL_METHOD, NBS_INVALID_CONFIG, NBS_NOT_DEPLOYED, NBS_NO_SUCH_APP */
  async answer(call: ControlCall): Promise<ControlAnswer> {
    const { method, path } = call;
    const handlers = this.#handlersOf(path);
    if (handlers === undefined) throw NoEndpoint({ path: `/${path.join('/')}`, endpoints: ENDPOINTS.join(', ') });
    // The server sends the answer to HEAD without its body.
    const known = method === 'HEAD' ? 'GET' : method;
    const handler = Object.hasOwn(handlers, known) ? handlers[known] : undefined;
    if (handler === undefined)
      throw WrongControlMethod({ path: `/${path.join('/')}`, method, allowed: ['HEAD', ...Object.keys(handlers)].join(', ') });
    return { status: 200, body: await handler(call) };
  }

  #handlersOf(path: readonly string[]): Readonly<Record<string, Handler>> | undefined {
    const [api, second, third, name, ...more] = path;
    if (api !== 'api' || more.length > 0) return undefined;
    if (second === 'version' && third === undefined) return { GET: async () => this.#versions() };
    if (second !== 'serve') return undefined;
    if (third === 'status' && name === undefined) return { GET: async () => (await this.#client()).call('status', undefined) };
    if (third !== 'applications') return undefined;
    if (name === undefined)
      return { GET: () => this.#all(), PUT: ({ body }) => this.#put(body), DELETE: () => this.#deleteAll() };
    return { GET: () => this.#one(name), DELETE: () => this.#delete(name) };
  }

  async #versions(): Promise<unknown> {
    const { cluster } = await this.#client();
    return { version: RAY_API_VERSION, nbserve_version: this.#version, session_name: basename(cluster.dir) };
  }

  async #all(): Promise<unknown> {
    const { status, declared } = await this.#state();
    return rayDetails(status, declared);
  }

  async #one(name: string): Promise<unknown> {
    const { status, declared } = await this.#state();
    const app = Object.hasOwn(status.applications, name) ? status.applications[name] : undefined;
    if (app === undefined) throw noSuchApplication(name, status);
    return rayApplication(name, app, declared[name], status);
  }

  async #state() {
    const client = await this.#client();
    const [status, declared] = await Promise.all([client.call('status', undefined), client.call('declared', undefined)]);
    return { status, declared: declared as Readonly<Record<string, ApplicationConfig>> };
  }

  async #put(body: () => Promise<string>): Promise<unknown> {
    const text = await body();
    const config = await parseConfig(text, 'configuration', process.cwd());
    const { url } = (await this.#client()).cluster;
    const kept = keptOptions(config, url === '' ? undefined : portOf(new URL(url)));
    await this.#changes.run(() => this.#deploy(text));
    return { notes: [...config.notes, ...kept] };
  }

  async #delete(name: string): Promise<unknown> {
    const { gone } = await this.#changes.run(async () => ({ gone: deleteApplication(await this.#client(), name) }));
    await gone;
    return {};
  }

  async #deleteAll(): Promise<unknown> {
    const { gone } = await this.#changes.run(async () => {
      const client = await this.#client();
      const { applications } = await client.call('status', undefined);
      return { gone: Promise.all(Object.keys(applications).map((name) => client.call('delete', { name }))) };
    });
    await gone;
    return {};
  }
}

/** A URL does not have the usual port of its scheme. */
const portOf = ({ port, protocol }: URL): number => (port !== '' ? Number(port) : protocol === 'https:' ? 443 : 80);

const ENDPOINTS = [
  'GET /api/version',
  'GET, PUT, DELETE /api/serve/applications/',
  'GET, DELETE /api/serve/applications/<name>',
  'GET /api/serve/status',
];
