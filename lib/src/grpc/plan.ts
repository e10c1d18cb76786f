import { readFileSync } from 'node:fs';
import type { INamespace } from 'protobufjs';
import { grpcFile } from '../core/index.js';
import type { TlsFiles } from './tls-files.js';

/** What proxies and replicas need for gRPC. It is made once, when the cluster is started, so a later change of a proto file changes nothing. */
export interface GrpcPlan {
  /** Paths of the main files of the two packages, as Node resolves them for the user's program. */
  readonly packages: GrpcPackages;
  /** The messages and services of the user's protos, and those of the built-in ones, in the form of protobufjs. */
  readonly types: INamespace;
  readonly ownTypes: INamespace;
  readonly rpcs: readonly Rpc[];
  readonly files: readonly DescribedFile[];
  /** Limit of one message, in both directions. */
  readonly maxMessageBytes: number;
  /** Absolute paths. Absent: no TLS. */
  readonly tls?: TlsFiles;
}

export interface GrpcPackages {
  readonly grpcJs: string;
  readonly protobufjs: string;
}

/** A method of a service. */
export interface Rpc {
  /** `/package.Service/Method` */
  readonly path: string;
  /** `package.Service` */
  readonly service: string;
  readonly name: string;
  readonly requestType: string;
  readonly responseType: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  /** It is one of the services that nbserve answers itself, or that call methods by name. */
  readonly own?: true;
}

/** A proto file, for reflection. */
export interface DescribedFile {
  readonly name: string;
  /** The serialized `FileDescriptorProto`, in base64. */
  readonly descriptor: string;
  readonly dependencies: readonly string[];
  /** Full names of what the file defines. */
  readonly symbols: readonly string[];
}

export const GENERIC_SERVICE = 'nbserve.v1.Serve';

export function readPlan(dir: string): GrpcPlan {
  return JSON.parse(readFileSync(grpcFile(dir), 'utf8')) as GrpcPlan;
}
