import { createRequire } from 'node:module';
import { join } from 'node:path';
import { GrpcNotInstalled } from './errors.js';
import type { GrpcPackages } from './plan.js';

/**
 * Finds `@grpc/grpc-js` from the user's folder, or else from this package, and the protobufjs that it depends on.
 * @throws NBS_GRPC_NOT_INSTALLED
 */
export function findPackages(folder: string): GrpcPackages {
  for (const from of [join(folder, 'index.js'), import.meta.url]) {
    try {
      const grpcJs = createRequire(from).resolve('@grpc/grpc-js');
      const protoLoader = createRequire(grpcJs).resolve('@grpc/proto-loader');
      return { grpcJs, protobufjs: createRequire(protoLoader).resolve('protobufjs') };
    } catch {
      // The next place may have it.
    }
  }
  throw GrpcNotInstalled({ folder });
}

export type Protobuf = typeof import('protobufjs');
export type GrpcJs = typeof import('@grpc/grpc-js');

/** Loads a package by the path of its main file. Both are CommonJS. */
const load = (path: string): unknown => createRequire(path)(path);
export const loadProtobuf = ({ protobufjs }: GrpcPackages): Protobuf => load(protobufjs) as Protobuf;
export const loadGrpcJs = ({ grpcJs }: GrpcPackages): GrpcJs => load(grpcJs) as GrpcJs;
