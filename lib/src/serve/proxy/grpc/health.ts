import { MessageTypes, type Rpc, Status } from '../../../grpc/index.js';
import { deploymentKey, type RouteSnapshot } from '../../protocol/index.js';
import type { ServerCall } from './exchange.js';
import type { GrpcContext } from './host.js';
import { isRising } from './target.js';

type ServingStatus = 'SERVING' | 'NOT_SERVING' | 'SERVICE_UNKNOWN';

/**
 * The service `grpc.health.v1.Health`. A service is the name of an application, the full name of an RPC service, or `''`, which stands for the proxy.
 */
export class Health {
  readonly #context: GrpcContext;
  readonly #types: MessageTypes;
  readonly #services: ReadonlySet<string>;
  readonly #watchers = new Set<() => void>();
  #draining = false;

  constructor(context: GrpcContext) {
    this.#context = context;
    this.#types = new MessageTypes(context.plan);
    this.#services = new Set(context.plan.rpcs.map(({ service }) => service));
    context.host.router.onSnapshot(() => this.#changed());
  }

  answer(rpc: Rpc, call: ServerCall): void {
    let service: string | undefined;
    call.on('data', (message: Buffer) => {
      if (service !== undefined) return;
      try {
        service = String(this.#types.decode(rpc.requestType, message).service);
      } catch (error) {
        call.emit('error', { code: Status.INVALID_ARGUMENT, details: (error as Error).message });
        return;
      }
      if (rpc.name === 'Watch') this.#watch(rpc, call, service);
      else this.#check(rpc, call, service);
    });
    call.on('end', () => {
      if (service === undefined) call.emit('error', { code: Status.INVALID_ARGUMENT, details: 'the message is missing' });
    });
  }

  /** From now on nothing is served. Ends the calls of those who watch, which would never end. */
  drain(): void {
    this.#draining = true;
    this.#changed();
  }

  #check(rpc: Rpc, call: ServerCall, service: string): void {
    const status = this.#statusOf(service);
    if (status === 'SERVICE_UNKNOWN') {
      call.emit('error', { code: Status.NOT_FOUND, details: 'no application and no service has this name' });
      return;
    }
    call.write(this.#encode(rpc, status));
    call.end();
  }

  #watch(rpc: Rpc, call: ServerCall, service: string): void {
    let last: ServingStatus | undefined;
    const update = (): void => {
      const status = this.#statusOf(service);
      if (status !== last) call.write(this.#encode(rpc, status));
      last = status;
      if (!this.#draining) return;
      this.#watchers.delete(update);
      call.emit('error', { code: Status.UNAVAILABLE, details: 'the server is being stopped' });
    };
    this.#watchers.add(update);
    call.on('cancelled', () => this.#watchers.delete(update));
    update();
  }

  #changed(): void {
    for (const update of [...this.#watchers]) update();
  }

  #encode({ responseType }: Rpc, status: ServingStatus): Buffer {
    return Buffer.from(this.#types.encode(responseType, { status }));
  }

  #statusOf(service: string): ServingStatus {
    const { snapshot } = this.#context.host.router;
    const known = service === '' || this.#services.has(service);
    if (known) return this.#draining || snapshot === null ? 'NOT_SERVING' : 'SERVING';
    const state = applicationStatus(snapshot, service);
    return state === 'SERVING' && this.#draining ? 'NOT_SERVING' : state;
  }
}

/** Whether an application can answer. Without a replica it can, if a request makes the controller start one. */
function applicationStatus(snapshot: RouteSnapshot | null, app: string): ServingStatus {
  const deployment = snapshot !== null && Object.hasOwn(snapshot.ingresses, app) ? snapshot.ingresses[app] : undefined;
  if (snapshot === null || deployment === undefined) {
    return isRising(snapshot, app) ? 'NOT_SERVING' : 'SERVICE_UNKNOWN';
  }
  const route = snapshot.deployments[deploymentKey(app, deployment)];
  if (route === undefined || route.unavailable !== undefined) return 'NOT_SERVING';
  return route.replicas.length > 0 || route.autoscaling !== undefined ? 'SERVING' : 'NOT_SERVING';
}
