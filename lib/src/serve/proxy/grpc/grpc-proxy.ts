import { createServer, type Server, type Socket } from 'node:net';
import type { ServerCredentials } from '@grpc/grpc-js';
import {
  GENERIC_SERVICE,
  type GrpcJs,
  type GrpcPlan,
  loadGrpcJs,
  MessageTypes,
  type Rpc,
  readTlsFiles,
  Status,
} from '../../../grpc/index.js';
import { GrpcUnauthorized } from './errors.js';
import { GrpcExchange, type ServerCall } from './exchange.js';
import { Health } from './health.js';
import type { GrpcContext, GrpcHost } from './host.js';
import { CallMetadata } from './metadata.js';
import { Reflection } from './reflection.js';

const asIs = (bytes: Buffer): Buffer => bytes;
/** Calls at once on one connection. A client that wants more waits, or opens another connection. */
const MAX_STREAMS = 1000;
/** Bounds what one connection may make the process keep (MB). */
const MAX_SESSION_MB = 256;
/**
 * A connection that does not answer a ping is closed, so that its calls end. That closes connections on which a client broke the rules of HTTP/2, too:
 * Node says so to the client, but does not close them, not even when the client has left.
 */
const PING_EVERY_MS = 15_000;
const PING_TIMEOUT_MS = 5_000;

function credentialsOf({ ServerCredentials }: GrpcJs, { tls }: GrpcPlan): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure();
  const { cert, key } = readTlsFiles(tls);
  return ServerCredentials.createSsl(null, [{ cert_chain: cert, private_key: key }]);
}

/** The gRPC server in front of the replicas. */
export class GrpcProxy {
  /** The caller makes it listen. */
  readonly server: Server;
  readonly #context: GrpcContext;
  readonly #health: Health;
  readonly #grpc: InstanceType<GrpcContext['grpc']['Server']>;
  readonly #sockets = new Set<Socket>();

  constructor(host: GrpcHost, plan: GrpcPlan) {
    const grpc = loadGrpcJs(plan.packages);
    // It would write each value that it does not accept to the log, as the client sent it, and as often as clients want.
    grpc.setLogVerbosity(grpc.logVerbosity.NONE);
    this.#context = { host, grpc, plan };
    this.#grpc = new grpc.Server({
      'grpc.max_receive_message_length': plan.maxMessageBytes,
      'grpc.max_send_message_length': plan.maxMessageBytes,
      'grpc.max_concurrent_streams': MAX_STREAMS,
      'grpc-node.max_session_memory': MAX_SESSION_MB,
      'grpc.keepalive_time_ms': PING_EVERY_MS,
      'grpc.keepalive_timeout_ms': PING_TIMEOUT_MS,
      'grpc.enable_channelz': 0,
    });
    this.#health = new Health(this.#context);
    const reflection = new Reflection(this.#context);
    for (const rpc of plan.rpcs) this.#grpc.register(rpc.path, this.#handlerOf(rpc, reflection), asIs, asIs, 'bidi');
    const connections = this.#grpc.createConnectionInjector(credentialsOf(grpc, plan));
    this.server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      // Node's HTTP/2 has its own listener, but not before it has taken the socket, nor after it has released it.
      socket.on('error', () => {});
      socket.setNoDelay();
      connections.injectConnection(socket);
    });
  }

  /** Accepts no new connection and no new call. Resolves when every call that arrived is answered. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.#health.drain();
    this.#grpc.tryShutdown(() => {
      for (const socket of this.#sockets) socket.destroySoon();
    });
    await closed;
  }

  #handlerOf(rpc: Rpc, reflection: Reflection): (call: ServerCall) => void {
    const answer = this.#answererOf(rpc, reflection);
    if (answer === null) return (call) => new GrpcExchange(this.#context, rpc, call).begin();
    return (call) => {
      call.on('error', () => {});
      answer(rpc, call);
    };
  }

  /** What answers the RPCs that do not go to a replica; `null` for the others. */
  #answererOf({ own, service, name }: Rpc, reflection: Reflection): ((rpc: Rpc, call: ServerCall) => void) | null {
    if (own !== true) return null;
    if (service === GENERIC_SERVICE) return name === 'ListApplications' ? (rpc, call) => this.#list(rpc, call) : null;
    return service === 'grpc.health.v1.Health'
      ? (rpc, call) => this.#health.answer(rpc, call)
      : (rpc, call) => reflection.answer(rpc, call);
  }

  #list({ responseType }: Rpc, call: ServerCall): void {
    const { host, plan } = this.#context;
    const { token } = new CallMetadata(call.metadata);
    call.resume();
    call.on('end', () => {
      if (token === undefined || !host.isToken(token)) {
        call.emit('error', { code: Status.UNAUTHENTICATED, details: GrpcUnauthorized().message });
        return;
      }
      const applicationNames = Object.keys(host.router.snapshot?.ingresses ?? {});
      call.write(Buffer.from(new MessageTypes(plan).encode(responseType, { applicationNames })));
      call.end();
    });
  }
}
