import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { shortId } from '../core/index.js';
import type { ModelSpec } from './model-spec.js';

/** A model that was served from files, so that it can be loaded again after it was unloaded. */
export interface RegisteredModel {
  readonly spec: ModelSpec;
  /** The application that answers for it. */
  readonly application: string;
}

/** What the repository of a cluster contains. It is in files of the cluster's folder, because drivers and the replica of the repository share it. */
export class Registry {
  readonly #folder: string;

  /** @param dir the cluster's folder */
  constructor(dir: string) {
    this.#folder = join(dir, 'models');
  }

  add(model: RegisteredModel): void {
    this.#write(`${model.spec.name}.model.json`, model);
  }

  /** Adds a folder of models in Triton's layout. */
  addFolder(folder: string): void {
    this.#write('folders.json', [...new Set([...this.folders(), folder])]);
  }

  models(): readonly RegisteredModel[] {
    return this.#names()
      .filter((name) => name.endsWith('.model.json'))
      .sort()
      .map((name) => this.#read(name) as RegisteredModel);
  }

  folders(): readonly string[] {
    return this.#names().includes('folders.json') ? (this.#read('folders.json') as string[]) : [];
  }

  #names(): string[] {
    try {
      return readdirSync(this.#folder);
    } catch {
      return [];
    }
  }

  #read(name: string): unknown {
    return JSON.parse(readFileSync(join(this.#folder, name), 'utf8'));
  }

  // Whoever reads it sees the old file or the new one.
  #write(name: string, value: unknown): void {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const draft = join(this.#folder, `.${shortId()}`);
    writeFileSync(draft, JSON.stringify(value), { mode: 0o600 });
    renameSync(draft, join(this.#folder, name));
  }
}
