import { type DescribedFile, MessageTypes, type Rpc, Status } from '../../../grpc/index.js';
import type { ServerCall } from './exchange.js';
import type { GrpcContext } from './host.js';

type Request = Readonly<Record<string, unknown>> & { readonly messageRequest?: string };

/** The service `grpc.reflection.v1.ServerReflection`, and its older version `v1alpha`. */
export class Reflection {
  readonly #types: MessageTypes;
  readonly #services: readonly string[];
  readonly #byName: ReadonlyMap<string, DescribedFile>;
  readonly #bySymbol: ReadonlyMap<string, DescribedFile>;

  constructor({ plan }: GrpcContext) {
    this.#types = new MessageTypes(plan);
    this.#services = [...new Set(plan.rpcs.map(({ service }) => service))].toSorted();
    this.#byName = new Map(plan.files.map((file) => [file.name, file]));
    this.#bySymbol = new Map(plan.files.flatMap((file) => file.symbols.map((symbol) => [symbol, file] as const)));
  }

  answer(rpc: Rpc, call: ServerCall): void {
    let failed = false;
    call.on('data', (message: Buffer) => {
      // A message after the status would take the status away.
      if (failed) return;
      let answer: Uint8Array;
      try {
        const request = this.#types.decode(rpc.requestType, message) as Request;
        answer = this.#types.encode(rpc.responseType, {
          validHost: request.host,
          originalRequest: request,
          ...this.#answerTo(request),
        });
      } catch (error) {
        failed = true;
        call.emit('error', { code: Status.INVALID_ARGUMENT, details: (error as Error).message });
        return;
      }
      // A client that does not read its answers sends no more questions.
      if (call.write(Buffer.from(answer))) return;
      call.pause();
      call.once('drain', () => call.resume());
    });
    call.on('end', () => call.end());
  }

  #answerTo(request: Request): object {
    switch (request.messageRequest) {
      case 'listServices':
        return { listServicesResponse: { service: this.#services.map((name) => ({ name })) } };
      case 'fileByFilename':
        return filesOf(this.#byName.get(String(request.fileByFilename)), this.#byName);
      case 'fileContainingSymbol':
        return filesOf(this.#fileWith(String(request.fileContainingSymbol)), this.#byName);
      case 'allExtensionNumbersOfType': {
        const baseTypeName = String(request.allExtensionNumbersOfType);
        return this.#fileWith(baseTypeName) === undefined
          ? notFound('type')
          : { allExtensionNumbersResponse: { baseTypeName, extensionNumber: [] } };
      }
      default:
        return notFound('extension');
    }
  }

  /** The file that defines a symbol, or the message or enum that it belongs to. */
  #fileWith(symbol: string): DescribedFile | undefined {
    for (let name = symbol.replace(/^\./, ''); name !== ''; name = name.slice(0, Math.max(0, name.lastIndexOf('.')))) {
      const file = this.#bySymbol.get(name);
      if (file !== undefined) return file;
    }
    return undefined;
  }
}

/** The file, and those that it depends on, so that a client need not ask for each. */
function filesOf(file: DescribedFile | undefined, byName: ReadonlyMap<string, DescribedFile>): object {
  if (file === undefined) return notFound('file');
  const files = new Set([file]);
  for (const { dependencies } of files) {
    for (const dependency of dependencies) {
      const other = byName.get(dependency);
      if (other !== undefined) files.add(other);
    }
  }
  return {
    fileDescriptorResponse: { fileDescriptorProto: [...files].map(({ descriptor }) => Buffer.from(descriptor, 'base64')) },
  };
}

const notFound = (what: string): object => ({ errorResponse: { errorCode: Status.NOT_FOUND, errorMessage: `no such ${what}` } });
