import { open, readFile, rename } from 'node:fs/promises';
import { type AppSpec, blobsOf, type DeploymentConfig, type DeploymentSpec, type ReplicaEnv } from '../../protocol/index.js';
import type { BlobStore } from './blobs.js';
import { CheckpointFailed, CheckpointUnreadable } from './errors.js';
import type { AppTarget, AppVersion, TargetState } from './target.js';
import type { TrafficRule } from './traffic-rule.js';

/** Increase this by one at each change that an older reader would misread. A reader can convert every older version. */
const CHECKPOINT_SCHEMA_VERSION = 3;
/** Version 1 had no `traffic`. Up to version 2, `env` contained only the variables, and a deployment in a module had only its name. */
const OLDEST_READ = 1;

/** Larger arguments are stored in a separate blob, because the checkpoint is written as a whole at every change. */
const INLINE_ARGS_BYTES = 16 * 1024;

/** Storage in which the target state survives the controller. */
export interface Checkpoint {
  /** `null` if there is none yet. @throws NBS_CHECKPOINT_UNREADABLE */
  load(): Promise<TargetState | null>;
  /** Resolves when the state is on disk. Calls must not overlap. @throws NBS_CHECKPOINT_FAILED */
  save(target: TargetState): Promise<void>;
}

type StoredArgs = { readonly base64: string } | { readonly blob: string };
type StoredDeployment = Omit<DeploymentSpec, 'initArgs'> & { readonly initArgs: StoredArgs };
type StoredSpec = Omit<AppSpec, 'deployments'> & { readonly deployments: readonly StoredDeployment[] };
type StoredVersion = Omit<AppVersion, 'spec'> & { readonly spec: StoredSpec };
interface StoredApp {
  readonly name: string;
  readonly live: StoredVersion | null;
  readonly next: StoredVersion | null;
  readonly failed: (Omit<NonNullable<AppTarget['failed']>, 'spec'> & { readonly spec: StoredSpec }) | null;
}
interface Stored {
  readonly schemaVersion: number;
  readonly generation: number;
  readonly apps: readonly StoredApp[];
  readonly traffic?: readonly (TrafficRule & { readonly prefix: string })[];
}

/**
 * A JSON file that is replaced as a whole: a new file is written, synced and renamed. Large arguments are blobs.
 * The folder is not synced. After a power failure the file may be the previous one, but never half of one, and no replica has survived a power
 * failure either.
 */
export class FileCheckpoint implements Checkpoint {
  readonly #path: string;
  readonly #blobs: BlobStore;
  /** Without this, hundreds of megabytes would be hashed at each save. */
  readonly #stored = new WeakMap<Uint8Array, StoredArgs>();

  readonly #onNames: (hashes: ReadonlySet<string>) => void;

  /** @param onNames called with the blobs that the file contains, whenever it was read or written */
  constructor(path: string, blobs: BlobStore, onNames: (hashes: ReadonlySet<string>) => void = () => {}) {
    this.#path = path;
    this.#blobs = blobs;
    this.#onNames = onNames;
  }

  async load(): Promise<TargetState | null> {
    let text: string;
    try {
      text = await readFile(this.#path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
        this.#onNames(new Set());
        return null;
      }
      throw CheckpointUnreadable({ path: this.#path, reason: (error as Error).message }, error);
    }
    try {
      const stored = JSON.parse(text) as Stored;
      const { schemaVersion } = stored;
      if (!(schemaVersion >= OLDEST_READ && schemaVersion <= CHECKPOINT_SCHEMA_VERSION))
        throw new Error(
          `its schema version is ${schemaVersion}, and this nbserve reads ${OLDEST_READ} to ${CHECKPOINT_SCHEMA_VERSION}`,
        );
      const target = await this.#decode(stored);
      this.#onNames(namesIn(stored));
      return target;
    } catch (error) {
      throw CheckpointUnreadable({ path: this.#path, reason: (error as Error).message }, error);
    }
  }

  async save(target: TargetState): Promise<void> {
    try {
      const stored = await this.#encode(target);
      const text = JSON.stringify(stored);
      const temporary = `${this.#path}.tmp`;
      const file = await open(temporary, 'w', 0o600);
      try {
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, this.#path);
      this.#onNames(namesIn(stored));
    } catch (error) {
      throw CheckpointFailed({ path: this.#path, reason: (error as Error).message }, error);
    }
  }

  async #encode({ generation, apps, traffic }: TargetState): Promise<Stored> {
    const stored: StoredApp[] = [];
    for (const [name, { live, next, failed }] of apps) {
      stored.push({
        name,
        live: live && { ...live, spec: await this.#encodeSpec(live.spec) },
        next: next && { ...next, spec: await this.#encodeSpec(next.spec) },
        failed: failed && { ...failed, spec: await this.#encodeSpec(failed.spec) },
      });
    }
    const rules = [...traffic].map(([prefix, rule]) => ({ prefix, ...rule }));
    return { schemaVersion: CHECKPOINT_SCHEMA_VERSION, generation, apps: stored, traffic: rules };
  }

  async #encodeSpec(spec: AppSpec): Promise<StoredSpec> {
    const deployments: StoredDeployment[] = [];
    for (const deployment of spec.deployments)
      deployments.push({ ...deployment, initArgs: await this.#encodeArgs(deployment.initArgs) });
    return { ...spec, deployments };
  }

  async #encodeArgs(bytes: Uint8Array): Promise<StoredArgs> {
    const known = this.#stored.get(bytes);
    // A blob that was not used for a long time may have been removed.
    if (known !== undefined && (!('blob' in known) || (await this.#blobs.has(known.blob)))) return known;
    const stored =
      bytes.length <= INLINE_ARGS_BYTES
        ? { base64: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64') }
        : { blob: await this.#blobs.put(bytes) };
    this.#stored.set(bytes, stored);
    return stored;
  }

  async #decode({ generation, apps, traffic = [] }: Stored): Promise<TargetState> {
    const decoded = new Map<string, AppTarget>();
    for (const { name, live, next, failed } of apps) {
      decoded.set(name, {
        live: live && { ...live, spec: await this.#decodeSpec(live.spec) },
        next: next && { ...next, spec: await this.#decodeSpec(next.spec) },
        failed: failed && { ...failed, spec: await this.#decodeSpec(failed.spec) },
      });
    }
    return { generation, apps: decoded, traffic: new Map(traffic.map(({ prefix, ...rule }) => [prefix, rule])) };
  }

  async #decodeSpec(spec: StoredSpec): Promise<AppSpec> {
    const deployments: DeploymentSpec[] = [];
    for (const deployment of spec.deployments) {
      const { initArgs: stored } = deployment;
      const initArgs = 'blob' in stored ? await this.#blobs.get(stored.blob) : Buffer.from(stored.base64, 'base64');
      this.#stored.set(initArgs, stored);
      deployments.push({ ...deployment, config: withCurrentEnv(deployment.config), initArgs });
    }
    return { ...spec, deployments };
  }
}

/** Up to version 2, a spec did not say what replicas inherit: they inherited everything. */
function withCurrentEnv(config: DeploymentConfig): DeploymentConfig {
  const { env } = config as { readonly env: ReplicaEnv | Readonly<Record<string, string>> };
  const isCurrent = typeof env.variables === 'object';
  return isCurrent ? config : { ...config, env: { inherit: true, variables: env as Readonly<Record<string, string>> } };
}

function namesIn({ apps }: Stored): Set<string> {
  const names = new Set<string>();
  for (const { live, next, failed } of apps) {
    for (const { code, initArgs } of [live, next, failed].flatMap((version) => version?.spec.deployments ?? [])) {
      for (const hash of blobsOf(code)) names.add(hash);
      if ('blob' in initArgs) names.add(initArgs.blob);
    }
  }
  return names;
}
