import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Namespace, Root, Service } from 'protobufjs';
import { FileDescriber } from './describe.js';
import { BadProto } from './errors.js';
import { findPackages, loadProtobuf, type Protobuf } from './packages.js';
import { type DescribedFile, GENERIC_SERVICE, type GrpcPlan, type Rpc } from './plan.js';
import { readTlsFiles, type TlsFiles } from './tls-files.js';

/** What the user gives. */
export interface GrpcSources {
  /** Proto files. */
  readonly protos: readonly string[];
  /** Folders in which imported files are looked for, besides the folder of the importing file. */
  readonly includes: readonly string[];
  /** Whether methods can be called by name, through nbserve's own service. */
  readonly generic: boolean;
  readonly maxMessageBytes: number;
  readonly tls?: TlsFiles | undefined;
  /** Paths are relative to it, and packages are looked for from it. */
  readonly folder: string;
}

const OWN_FOLDER = fileURLToPath(new URL('../../protos/', import.meta.url));
const OWN_PROTOS = [
  'nbserve/v1/serve.proto',
  'grpc/health/v1/health.proto',
  'grpc/reflection/v1/reflection.proto',
  'grpc/reflection/v1alpha/reflection.proto',
];

/**
 * Reads the proto files, and checks the certificate.
 * @throws NBS_GRPC_NOT_INSTALLED, NBS_BAD_PROTO, NBS_BAD_CERTIFICATE
 */
export function compilePlan({ protos, includes, generic, maxMessageBytes, tls, folder }: GrpcSources): GrpcPlan {
  const packages = findPackages(folder);
  const tlsFiles = tls === undefined ? undefined : { cert: resolve(folder, tls.cert), key: resolve(folder, tls.key) };
  if (tlsFiles !== undefined) readTlsFiles(tlsFiles);
  const protobuf = loadProtobuf(packages);
  // proto-loader adds the files of google/protobuf that the parser itself does not have.
  createRequire(packages.grpcJs)('@grpc/proto-loader');
  const files = protos.map((file) => resolve(folder, file));
  const folders = [...includes.map((one) => resolve(folder, one)), ...files.map((file) => dirname(file))];
  const own = parse(
    protobuf,
    OWN_PROTOS.map((file) => join(OWN_FOLDER, file)),
    [OWN_FOLDER],
  );
  const users = parse(protobuf, files, folders);
  const ownRpcs = rpcsOf(protobuf, own.runtime).filter(({ service }) => generic || service !== GENERIC_SERVICE);
  const ownServices = new Set(ownRpcs.map(({ service }) => service));
  return {
    packages,
    types: users.runtime.toJSON(),
    ownTypes: own.runtime.toJSON(),
    rpcs: [
      ...ownRpcs.map((rpc): Rpc => ({ ...rpc, own: true })),
      ...rpcsOf(protobuf, users.runtime).filter(({ service }) => !ownServices.has(service)),
    ],
    files: distinct([...users.files, ...own.files]),
    maxMessageBytes,
    ...(tlsFiles === undefined ? {} : { tls: tlsFiles }),
  };
}

interface Parsed {
  /** Its fields have the names that messages have in JavaScript. */
  readonly runtime: Root;
  readonly files: readonly DescribedFile[];
}

function parse(protobuf: Protobuf, files: readonly string[], folders: readonly string[]): Parsed {
  const load = (keepCase: boolean): Root => {
    const root = new protobuf.Root();
    root.resolvePath = (origin, target) => {
      if (isAbsolute(target)) return target;
      const places = [...(origin === '' ? [] : [dirname(origin)]), ...folders];
      const found = places.map((place) => join(place, target)).find((path) => existsSync(path));
      if (found === undefined)
        throw BadProto({ file: origin, reason: `its import ${target} was not found in ${places.join(', ')}` });
      return found;
    };
    for (const file of files) {
      try {
        root.loadSync(file, { keepCase }).resolveAll();
      } catch (error) {
        if ((error as { code?: unknown }).code === BadProto.code) throw error;
        throw BadProto({ file, reason: (error as Error).message }, error);
      }
    }
    return root;
  };
  return { runtime: load(false), files: new FileDescriber(protobuf, folders).describe(load(true)) };
}

function rpcsOf(protobuf: Protobuf, space: Namespace): readonly Rpc[] {
  return space.nestedArray.flatMap((object) => {
    if (object instanceof protobuf.Service) return methodsOf(object);
    const isSpace = object instanceof protobuf.Namespace && !(object instanceof protobuf.Type);
    return isSpace ? rpcsOf(protobuf, object) : [];
  });
}

function methodsOf(service: Service): readonly Rpc[] {
  const name = service.fullName.slice(1);
  return service.methodsArray.map((method) => ({
    path: `/${name}/${method.name}`,
    service: name,
    name: method.name,
    requestType: (method.resolvedRequestType?.fullName ?? '').slice(1),
    responseType: (method.resolvedResponseType?.fullName ?? '').slice(1),
    requestStream: method.requestStream === true,
    responseStream: method.responseStream === true,
  }));
}

/** Both schemas may contain the same files, such as that of health. */
function distinct(files: readonly DescribedFile[]): readonly DescribedFile[] {
  const names = new Set<string>();
  return files.filter(({ name }) => !names.has(name) && names.add(name));
}
