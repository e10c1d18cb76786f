import { listLocalClusters } from '../../engine/index.js';
import { decodeValue, type Hello } from '../../ipc/index.js';
import { createHandle, registerHandleCodec, setHandleContext } from '../handle/index.js';
import type { HandleRef, ReplicaInit } from '../protocol/index.js';
import { openRouter, type Router } from '../router/index.js';

export interface HandlesOptions {
  readonly dir: string;
  readonly token: string;
  readonly hello: Hello;
}

/** How long the constructor waits for the routes of the deployments that its handles call. */
const ROUTES_WAIT_MS = 10_000;

/** The handles of a replica. The router is opened when a handle is first used, because most replicas call no other deployment. */
export class Handles {
  readonly #options: HandlesOptions;
  #router: Router | null = null;

  constructor(options: HandlesOptions) {
    this.#options = options;
  }

  install({ app, generation }: ReplicaInit): void {
    registerHandleCodec();
    const handles = this;
    setHandleContext({
      get router() {
        return handles.#open();
      },
      get url() {
        return listLocalClusters().find(({ dir }) => dir === handles.#options.dir)?.url ?? '';
      },
      scope: { app, generation },
      cluster: this.#options,
    });
  }

  /** Decodes the constructor's arguments. If they contain handles, those can be called when this resolves. */
  async decodeArgs({ initArgs, routesVersion }: ReplicaInit): Promise<readonly unknown[]> {
    let some = false;
    const extension = {
      name: 'handle',
      test: () => false,
      encode: (value: unknown) => value,
      decode: (ref: unknown): unknown => {
        some = true;
        return createHandle<unknown>(ref as HandleRef);
      },
    };
    const args = initArgs.length === 0 ? [] : (decodeValue(initArgs, { extensions: [extension] }) as unknown[]);
    if (some) await this.#routesKnown(routesVersion);
    return args;
  }

  close(): void {
    this.#router?.close();
  }

  async #routesKnown(version: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ROUTES_WAIT_MS);
    });
    // This is no failure: the first call of a handle waits for the routes too.
    await Promise.race([this.#open().whenSnapshot(version), late]);
    clearTimeout(timer);
  }

  #open(): Router {
    this.#router ??= openRouter({ ...this.#options, eager: false });
    return this.#router;
  }
}
