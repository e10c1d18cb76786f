import type { Metadata, MetadataValue } from '@grpc/grpc-js';
import type { GrpcJs } from '../../../grpc/index.js';

const REQUEST_ID = /^[\x21-\x7e]{1,128}$/;
/** It ends at the proxy, as the header of HTTP does. */
const TOKEN = 'nbserve-token';

/** The metadata of one call, as far as the proxy reads them. The names are those of Ray Serve. */
export class CallMetadata {
  readonly #metadata: Metadata;

  constructor(metadata: Metadata) {
    this.#metadata = metadata;
  }

  get application(): string | undefined {
    return this.#text('application');
  }

  get modelId(): string | undefined {
    return this.#text('multiplexed_model_id') ?? this.#text('serve_multiplexed_model_id');
  }

  /** It is written into answers and logs, so it must contain nothing that a terminal interprets. */
  get requestId(): string | undefined {
    const given = this.#text('request_id') ?? this.#text('x-request-id');
    return given !== undefined && REQUEST_ID.test(given) ? given : undefined;
  }

  get token(): string | undefined {
    return this.#text(TOKEN);
  }

  /** Name, value, name, value, … */
  flat(): readonly string[] {
    const flat: string[] = [];
    for (const name of Object.keys(this.#metadata.getMap())) {
      if (name === TOKEN) continue;
      for (const value of this.#metadata.get(name)) flat.push(name, textOf(value));
    }
    return flat;
  }

  #text(name: string): string | undefined {
    const [value] = this.#metadata.get(name);
    return typeof value === 'string' && value !== '' ? value : undefined;
  }
}

const textOf = (value: MetadataValue): string => (typeof value === 'string' ? value : value.toString('base64'));

/** The metadata in the form in which grpc-js sends them. */
export function toMetadata({ Metadata: Made }: Pick<GrpcJs, 'Metadata'>, flat: readonly string[]): Metadata {
  const metadata = new Made();
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const [name, value] = [flat[i] as string, flat[i + 1] as string];
    metadata.add(name, name.endsWith('-bin') ? Buffer.from(value, 'base64') : value);
  }
  return metadata;
}
