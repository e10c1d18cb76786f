import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import type { TLSSocket } from 'node:tls';
import { grpcFile, shortId } from '../../core/index.js';
import {
  type Channel,
  type ChannelServer,
  formatHostPort,
  helloOf,
  listen,
  opCaller,
  PASS_MARK,
  type TlsIdentity,
} from '../../ipc/index.js';
import type { WorkerOps } from '../agent-ops.js';
import { pinOf } from '../certificates/index.js';
import type { AdmittedNode, DeclaredResources, JoinAddress, ProcessSpec } from '../engine.js';
import type { Certifier } from './head-certificates.js';

/** What a node gets when it is admitted. One line of JSON over TLS, to who has the private key of the admitted certificate. */
export interface Admission {
  readonly node: string;
  /** Another one for each admission. By it the head tells the node from an earlier one of the same name. */
  readonly pass: string;
  readonly token: string;
  /** `''` if the node has certificates of the user. */
  readonly ca: string;
  /** For the key that the node has made; `''` if it has a certificate of the user. */
  readonly cert: string;
  readonly name: string;
  readonly headName: string;
  /** `host:port` of the controller. */
  readonly controller: string;
  readonly resources: DeclaredResources;
  /** The proxy that it runs, at this port of its own address; `null` if it has none. */
  readonly http: { readonly port: number; readonly proxy: ProcessSpec } | null;
  /** The content of `grpcFile`; `null` if the cluster does not answer gRPC. */
  readonly grpc: string | null;
  /** The folders of the head's cluster and package. What lies in them is in other folders on the node. */
  readonly dir: string;
  readonly root: string;
}

/** How an admitted node introduces itself to the head. */
export const introduction = ({ node, pass }: Pick<Admission, 'node' | 'pass'>): string => `${node}${PASS_MARK}${pass}`;

export interface GateOptions {
  readonly host: string;
  readonly port: number;
  readonly token: string;
  readonly head: string;
  readonly certifier: Certifier;
  readonly identity: TlsIdentity;
  readonly controller: string;
  /** The proxy of a node. */
  readonly http: (node: string) => Admission['http'];
  readonly dir: string;
  readonly root: string;
}

/**
 * The door of the head's agent for nodes of other machines. It listens over TLS. A peer with a certificate of the cluster and the token gets a channel. A peer
 * with a certificate that was admitted gets an {@link Admission}. Every other one is disconnected; nothing that it sends is read.
 */
export class Gate {
  /** Called when a node has connected. */
  onNode: (node: string, channel: Channel) => Promise<void> = async () => {};
  readonly #options: GateOptions;
  readonly #admitted = new Map<string, AdmittedNode>();
  readonly #names = new Map<string, string>();
  /** The public keys of nodes that were admitted, in PEM. */
  readonly #keys = new Map<string, string>();
  /** The last pass that was sent, by the node's name. */
  readonly #passes = new Map<string, string>();
  #identity: TlsIdentity;
  #server: ChannelServer | undefined;

  constructor(options: GateOptions) {
    this.#options = options;
    this.#identity = withAuthority(options.identity);
  }

  /** @throws NBS_LISTEN_FAILED */
  async open(): Promise<void> {
    const { host, port, token, head } = this.#options;
    this.#server = await listen(
      { host, port, tls: this.#identity },
      {
        token,
        hello: helloOf('agent', head),
        renewed: () => this.#identity,
        onForeigner: (socket) => this.#answer(socket),
        onChannel: (channel, name) => this.#welcome(channel, name),
      },
    );
  }

  get address(): JoinAddress {
    const { host } = this.#options;
    const { port } = (this.#server as ChannelServer).address as { readonly port: number };
    return { address: formatHostPort(host, port), pin: this.#options.certifier.pin };
  }

  admit(node: AdmittedNode): void {
    this.#revoke(node.node);
    this.#admitted.set(node.fingerprint, node);
    this.#names.set(this.#options.certifier.nameOf(node.node) || node.node, node.node);
  }

  /** From now on, it shows this certificate. */
  renew(identity: TlsIdentity): void {
    this.#identity = withAuthority(identity);
  }

  /** A new certificate for the key of a node that has joined. */
  certify(node: string): string | undefined {
    const key = this.#keys.get(node);
    return key === undefined ? undefined : this.#options.certifier.certify(node, key) || undefined;
  }

  /** From now on, no node has this name. */
  forget(node: string): void {
    this.#revoke(node);
    this.#keys.delete(node);
    this.#passes.delete(node);
    for (const [name, its] of this.#names) if (its === node) this.#names.delete(name);
  }

  /** From now on, a node that was admitted under this name and has not joined cannot join. */
  #revoke(node: string): void {
    for (const [fingerprint, admitted] of this.#admitted) if (admitted.node === node) this.#admitted.delete(fingerprint);
  }

  async close(): Promise<void> {
    await this.#server?.close();
  }

  #answer(socket: TLSSocket): void {
    const { raw } = socket.getPeerX509Certificate() ?? {};
    const admitted = raw === undefined ? undefined : this.#admitted.get(pinOf(raw));
    if (raw === undefined || admitted === undefined) return void socket.destroy();
    const { certifier, token, head, controller, http, dir, root } = this.#options;
    const { node, resources = {} } = admitted;
    const publicKey = new X509Certificate(raw).publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const pass = shortId(16);
    this.#keys.set(node, publicKey);
    this.#passes.set(node, pass);
    const admission: Admission = {
      node,
      pass,
      token,
      ca: certifier.certificate,
      cert: certifier.certify(node, publicKey),
      name: certifier.nameOf(node),
      headName: certifier.nameOf(head),
      controller,
      resources,
      http: http(node),
      grpc: existsSync(grpcFile(dir)) ? readFileSync(grpcFile(dir), 'utf8') : null,
      dir,
      root,
    };
    socket.end(`${JSON.stringify(admission)}\n`);
  }

  #welcome(channel: Channel, name: string): void {
    const { role, id } = channel.peer;
    // A certificate of the user names a host, and the peer has shown that it knows the token.
    const [given = '', pass] = id.split(PASS_MARK);
    const node = this.#identity.byHost === true ? this.#names.get(given) : this.#names.get(name);
    if (role !== 'agent') return void channel.destroy();
    if (node === undefined || given !== node || pass !== this.#passes.get(node)) {
      // Its name was given to another node, or it was forgotten. If it were only disconnected, it would try again for ever.
      void opCaller<WorkerOps>(channel)('refused', undefined)
        .catch(() => {})
        .finally(() => channel.destroy());
      return;
    }
    // From now on it has a certificate of the cluster.
    this.#revoke(node);
    this.onNode(node, channel).catch(() => channel.destroy());
  }
}

/** A node that joins knows the cluster by the authority's certificate, so it is shown. */
function withAuthority(identity: TlsIdentity): TlsIdentity {
  return { ...identity, cert: `${identity.cert.trimEnd()}\n${identity.ca}` };
}
