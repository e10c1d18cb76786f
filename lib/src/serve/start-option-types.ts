/** Options of `serve.start` and `serve.run`. They use no third-party types, because notebook cells see them. */
import type { ResourceOptions } from './deployment-option-types.js';

export interface RunOptions {
  /** Name of the application. If an application of that name is running, it is updated. Set it if you run several applications. @default 'default' */
  readonly name?: string;
  /** Path under which the application answers HTTP, `'/'` or `'/name'`. `null` means no HTTP. Set it if you run several applications. @default '/' */
  readonly routePrefix?: string | null;
  /**
   * Runs the application inside this process, with one replica of each deployment and without a cluster. Set it for a debugger and for unit tests.
   * With `{ port }` its HTTP is answered there and keeps the process running; otherwise at a free port, which does not.
   * @default false
   */
  readonly local?: boolean | { readonly port?: number };
}

export interface StartOptions {
  /**
   * Cluster to join: its folder, its name or its URL, or `'auto'` for your detached cluster. With `'auto'`, a cluster is started if none is running.
   * A joined cluster keeps running when this process ends. With `engine: 'ray'`, any other address is that of Ray's dashboard, and `'auto'` is your
   * detached cluster all the same. Set it if several notebooks or programs should share a cluster.
   * @default a cluster of this process alone
   */
  readonly address?: string;
  /**
   * If true, a cluster that this call starts keeps running when this process ends, until `nbserve stop`. Set it if applications should outlive the
   * notebook or script.
   * @default false
   */
  readonly detached?: boolean;
  /**
   * Address on which HTTP is answered. With `'0.0.0.0'` other machines can call, without a password. Set it if clients run on other machines.
   * @default '127.0.0.1'
   */
  readonly host?: string;
  /**
   * Port for HTTP. A number fails if the port is in use; `'auto'` means 8000, or the next free port. Set it if clients expect a certain port.
   * @default 'auto'
   */
  readonly port?: number | 'auto';
  /**
   * Host names in requests that are accepted, besides loopback names and `host`, e.g. `['models.example.org']`; `'*'` means all. Set it if clients
   * call by a name of this machine.
   * @default []
   */
  readonly allowedHosts?: readonly string[];
  /**
   * Origins of web pages that may call, besides loopback origins, e.g. `['https://example.org']`; `'*'` means all. Set it if web pages of other
   * servers call your deployments.
   * @default []
   */
  readonly allowedOrigins?: readonly string[];
  /**
   * Files of a certificate, with the chain behind it, and of its private key, both in PEM. If they are given, HTTP is answered over TLS only.
   * Relative paths start from the working folder. Set it if requests cross a network that you do not trust.
   * @default no TLS
   */
  readonly https?: { readonly cert: string; readonly key: string };
  /**
   * Which nodes answer HTTP. Each node does so at the same port of its own address. Set it to `'HeadOnly'` if clients know only one address.
   * @default 'EveryNode'
   */
  readonly proxyLocation?: 'EveryNode' | 'HeadOnly' | 'Disabled';
  /**
   * If it is given, the cluster answers gRPC besides HTTP. `{}` stands for the defaults. It needs the package `@grpc/grpc-js`. Set it if clients
   * speak gRPC.
   * @default no gRPC
   */
  readonly grpc?: GrpcOptions;
  /**
   * Number of GPUs that replicas may use; with several nodes, the number on each node; with `engine: 'ray'`, the number on this machine. Set it if
   * replicas should use fewer GPUs than there are.
   * @default what `nvidia-smi` lists
   */
  readonly numGpus?: number;
  /**
   * Other resources that replicas may use, e.g. `{ cpu: 8, memory: 2 ** 34, custom: { accelerator: 1 } }`, with memory in bytes; with several nodes,
   * the resources of each node; with `engine: 'ray'`, those of this machine. Set it if other programs need a part of the machine, or to declare
   * resources of your own.
   * @default the machine's cores and memory
   */
  readonly resources?: Omit<ResourceOptions, 'gpu'>;
  /**
   * Nodes on this machine, at 127.0.0.1, 127.0.0.2 …: their number, or a list with the settings of each. The first is the head node. Resources of the
   * machine that no node declares are divided between the nodes. Raise it to try on one machine what happens on several.
   * @default 1
   */
  readonly nodes?: number | readonly NodeOptions[];
  /**
   * What provides the nodes of the cluster: with `'local'` this machine; with `'ray'`, `address` (default: `RAY_API_SERVER_ADDRESS`) is that of a Ray
   * dashboard, such as `http://head:8265`, and each node of that Ray cluster becomes a node, besides this machine. Set it if you have a Ray cluster.
   * @default the variable `NBSERVE_ENGINE`, else `'local'`
   */
  readonly engine?: 'local' | 'ray';
  /**
   * Set it if one machine is not enough: nodes on other machines can then join, over TCP with TLS: `host` is the address at which they reach this
   * machine, `port` that of the head's agent (0 lets the system choose). With `engine: 'ray'`, both have defaults, and `nbserve` is the folder of the
   * package on Ray's nodes. `tls` names files in PEM that are used instead of the certificates that the cluster makes: the certificate of this
   * machine with its chain, its key, and the authority that has signed those of all machines; `serverName` is a DNS name that all of them have, else
   * each has the address of its machine.
   * @default no process listens for other machines
   */
  readonly machines?: { host?: string; port?: number; nbserve?: string; tls?: MachineCertificates };
  /**
   * Number of spare processes on each node, which make a new replica start in a fraction of the time. Each needs about 28 MiB of memory and no CPU. 0
   * means none. Raise it if several replicas start at once; set it to 0 if memory is short.
   * @default 1
   */
  readonly spareReplicas?: number;
}

/** gRPC of `serve.start({ grpc })`. */
export interface GrpcOptions {
  /**
   * Port for gRPC. A number fails if the port is in use; `'auto'` means 9000, or the next free port. Set it if clients expect a certain port.
   * @default 'auto'
   */
  readonly port?: number | 'auto';
  /**
   * Address on which gRPC is answered. With `'0.0.0.0'` other machines can call, without a password. Set it if clients run on other machines.
   * @default '127.0.0.1'
   */
  readonly host?: string;
  /**
   * Proto files with the services that your deployments answer. Relative paths start from the working folder. Set it if your clients have proto files
   * of their own.
   * @default []
   */
  readonly protos?: readonly string[];
  /** Folders in which the files that a proto file imports are looked for, besides its own folder. Set it if they are in other folders. @default [] */
  readonly includeDirs?: readonly string[];
  /**
   * If true, clients can call every public method by its name, through the service `nbserve.v1.Serve`. Set it to have that service besides `protos`,
   * or not at all.
   * @default true if there are no `protos`
   */
  readonly generic?: boolean;
  /**
   * Limit of one message in bytes, in both directions. Clients have such a limit too, 4 MiB by default. Raise it, and that of the clients, if
   * requests or answers are larger.
   * @default 4194304
   */
  readonly maxMessageBytes?: number;
  /**
   * Files of a certificate, with the chain behind it, and of its private key, both in PEM. If they are given, gRPC is answered over TLS only.
   * Relative paths start from the working folder. Set it if requests cross a network that you do not trust.
   * @default no TLS
   */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** One node of `serve.start({ nodes })`. */
export interface NodeOptions {
  /** Name of the node in the status. Set it to tell nodes apart in the status. @default 'node-1', 'node-2' … */
  readonly name?: string;
  /**
   * Number of GPUs of the node. No two nodes have a GPU of the same number. Set it if nodes should have different numbers of GPUs.
   * @default `numGpus` of `serve.start`
   */
  readonly numGpus?: number;
  /** Other resources of the node. Set it if nodes should differ. @default `resources` of `serve.start` */
  readonly resources?: Omit<ResourceOptions, 'gpu'>;
}

/** Files of certificates that machines show each other, in PEM. */
export interface MachineCertificates {
  /** The certificate of this machine, with the chain behind it. */
  readonly cert: string;
  /** Its private key. */
  readonly key: string;
  /** The authority that has signed the certificates of all machines. */
  readonly ca: string;
  /** A DNS name that the certificates of all machines have. @default each has the address of its machine */
  readonly serverName?: string;
}
