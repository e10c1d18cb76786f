import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { gunzipSync, inflateSync } from 'node:zlib';
import { decodedPart, duringStart, isNbserveError, limitBody, MAX_UPLOAD_BYTES } from '../core/index.js';
import { BadInference, InferenceTooLarge, ModelElsewhere, NoSuchPath, NoSuchVersion } from './errors.js';
import type { InferAnswer, InferRequest } from './infer-request.js';
import type { ModelSpec } from './model-spec.js';
import { ModelVersion } from './model-version.js';
import { readInfer } from './read-infer.js';
import { readRaw } from './read-raw.js';
import { writeInfer } from './write-infer.js';

const HEADER_LENGTH = 'Inference-Header-Content-Length';
/** The bytes of a compressed body after it is decompressed: no small body may fill the memory. */
const MAX_INFLATED_BYTES = 256 * 1024 * 1024;
const PATH = /^\/v2\/models\/[^/]+(?:\/versions\/([^/]+))?(?:\/(infer|ready|config|stats))?\/?$/;
const PATHS = ['GET /v2/models/{name}[/versions/{version}]', 'GET …/ready', 'GET …/config', 'GET …/stats', 'POST …/infer'].join(
  ', ',
);

/** What a model tells about itself by handle and by HTTP. */
export interface ModelFacts {
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly config: Readonly<Record<string, unknown>>;
  readonly statistics: readonly object[];
}

/** The deployment of one model: each replica has all its versions, and answers the paths below `/v2/models/{name}`. */
export class ModelServer {
  readonly #spec: ModelSpec;
  readonly #versions = new Map<string, ModelVersion>();

  constructor(spec: ModelSpec) {
    this.#spec = spec;
    void duringStart(`the load of the model ${spec.name}`, () => this.#load());
  }

  async #load(): Promise<void> {
    const { name, versions } = this.#spec;
    for (const entry of versions) {
      const { file, version } = entry;
      // It was there, on the machine of the head, when the model was deployed.
      if (!existsSync(file)) throw ModelElsewhere({ name, file, machine: hostname() });
      this.#versions.set(version, await ModelVersion.load(this.#spec, entry));
    }
  }

  async fetch(request: Request): Promise<Response> {
    try {
      return await this.#answer(request);
    } catch (error) {
      return errorResponse(error);
    }
  }

  /** The answer to a request that came by gRPC. */
  async infer(version: string, request: InferRequest): Promise<InferAnswer> {
    const answer = await this.#version(version).infer(request);
    const needsLabels = request.outputs?.some(({ classes }) => classes > 0) === true;
    return needsLabels ? { ...answer, labels: this.#spec.labels } : answer;
  }

  /** What the metadata, the configuration and the statistics of the protocol say. An empty version means the newest one. */
  facts(version = ''): ModelFacts {
    const { name } = this.#spec;
    const { inputs, outputs, maxBatchSize, properties } = this.#version(version);
    const metadata = {
      name,
      versions: this.#names(),
      platform: 'onnxruntime_onnx',
      inputs: ModelVersion.describe(inputs),
      outputs: ModelVersion.describe(outputs),
      properties,
    };
    const statistics = [...this.#versions]
      .filter(([each]) => version === '' || each === version)
      .map(([each, { statistics: own }]) => ({
        name,
        version: each,
        ...own.toJSON(),
      }));
    return {
      metadata,
      statistics,
      config: configOf(this.#spec, metadata, maxBatchSize),
    };
  }

  async dispose(): Promise<void> {
    await Promise.all([...this.#versions.values()].map((each) => each.dispose()));
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const { method } = request;
    const [matches, asked, action] = PATH.exec(pathname) ?? [];
    const isKnown = matches !== undefined && (action === 'infer' ? method === 'POST' : method === 'GET' || method === 'HEAD');
    if (!isKnown) throw NoSuchPath({ method, path: pathname.slice(0, 200), valid: PATHS });
    const version = decodedPart(asked ?? '');
    switch (action) {
      case 'infer':
        return this.#inferHttp(request, version);
      case 'ready':
        return Response.json({
          name: this.#spec.name,
          ready: this.#version(version) !== undefined,
        });
      case 'config':
        return Response.json(this.facts(version).config);
      case 'stats':
        return Response.json({ model_stats: this.facts(version).statistics });
      default:
        return Response.json(this.facts(version).metadata);
    }
  }

  async #inferHttp(request: Request, asked: string): Promise<Response> {
    const version = this.#version(asked);
    const { headers } = request;
    limitBody(request, MAX_UPLOAD_BYTES);
    const body = inflated(new Uint8Array(await request.arrayBuffer()), headers.get('content-encoding'));
    const length = headers.get(HEADER_LENGTH);
    const wanted = length === '0' ? readRaw(body, version.inputs) : readInfer(body, length);
    const { body: bytes, headerBytes } = writeInfer(this.#spec.name, await version.infer(wanted), wanted, this.#spec.labels);
    if (headerBytes === null)
      return new Response(bytes as Uint8Array<ArrayBuffer>, {
        headers: { 'content-type': 'application/json' },
      });
    const type = {
      'content-type': 'application/octet-stream',
      [HEADER_LENGTH]: String(headerBytes),
    };
    return new Response(bytes as Uint8Array<ArrayBuffer>, { headers: type });
  }

  /** @throws NBS_OIP_NO_VERSION */
  #version(version: string): ModelVersion {
    const names = this.#names();
    const found = this.#versions.get(version === '' ? (names.at(-1) ?? '') : version);
    if (found !== undefined) return found;
    throw NoSuchVersion({
      name: this.#spec.name,
      version: version.slice(0, 40),
      valid: names.join(', '),
    });
  }

  #names(): string[] {
    return [...this.#versions.keys()];
  }
}

/** The protocol's form of an error. */
export function errorResponse(error: unknown): Response {
  const status = isNbserveError(error) ? error.status : 500;
  const code = isNbserveError(error) ? error.code : 'NBS_USER_ERROR';
  return Response.json({ error: failureFor(error), code }, { status });
}

/** What a client is told about an error. One that is not about the request is logged, and the client is told only what it can do. */
export function failureFor(error: unknown): string {
  const status = isNbserveError(error) ? error.status : 500;
  if (status < 500) return (error as Error).message;
  console.error(error);
  if (status === 503) return 'the model is not available at the moment; try again later';
  return status === 504 ? 'the model took too long' : 'the model failed; the log of the server says why';
}

/** @throws NBS_OIP_BAD_REQUEST, NBS_OIP_TOO_LARGE */
function inflated(body: Uint8Array, encoding: string | null): Uint8Array {
  if (encoding === null || encoding === 'identity') return body;
  const inflate = { gzip: gunzipSync, deflate: inflateSync }[encoding.toLowerCase()];
  if (inflate === undefined)
    throw BadInference({
      reason: `the content-encoding ${encoding} is not gzip or deflate`,
    });
  try {
    return inflate(body, { maxOutputLength: MAX_INFLATED_BYTES });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw InferenceTooLarge({ limit: MAX_INFLATED_BYTES });
    throw BadInference({
      reason: `the body is not valid ${encoding}: ${(error as Error).message}`,
    });
  }
}

/** The model's configuration under Triton's names. */
function configOf(spec: ModelSpec, metadata: Readonly<Record<string, unknown>>, maxBatchSize: number): Record<string, unknown> {
  const inConfig = (infos: unknown): object[] =>
    (infos as { name: string; datatype: string; shape: number[] }[]).map(({ name, datatype, shape }) => ({
      name,
      data_type: `TYPE_${datatype === 'BYTES' ? 'STRING' : datatype}`,
      dims: maxBatchSize > 0 ? shape.slice(1) : shape,
    }));
  return {
    name: spec.name,
    platform: 'onnxruntime_onnx',
    backend: 'onnxruntime',
    max_batch_size: maxBatchSize,
    version_policy: {
      specific: {
        versions: spec.versions.map(({ version }) => Number(version)),
      },
    },
    input: inConfig(metadata.inputs),
    output: inConfig(metadata.outputs),
    instance_group: [
      {
        count: spec.numReplicas,
        kind: (spec.gpus ?? 0) > 0 ? 'KIND_GPU' : 'KIND_CPU',
      },
    ],
    ...(maxBatchSize > 0
      ? {
          dynamic_batching: {
            max_queue_delay_microseconds: Math.round(spec.batchWaitMs * 1000),
          },
        }
      : {}),
  };
}
