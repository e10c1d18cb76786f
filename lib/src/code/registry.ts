import type { CodePackage, SourceId, SourceRegistryOptions } from './types.js';

/** Sources of one notebook session: what was declared in which cell, and the closures that replicas need. */
export class SourceRegistry {
  constructor(readonly options: SourceRegistryOptions) {}
  /** Adds a cell that is about to run. `id` is shown in stacks, e.g. `cell[3].ts`. */
  addCell(_cell: { readonly id: string; readonly source: string }): void {}
  instrument(_cellId: string, source: string): string {
    return source;
  }
  tag<T>(_sourceId: SourceId, value: T): T {
    return value;
  }
  bind(_cellId: string, _name: string, _value: unknown): void {}
  sourceOf(_value: unknown): SourceId | undefined {
    return undefined;
  }
  pack(_value: unknown): Promise<CodePackage> {
    return Promise.reject(new Error('not yet'));
  }
}
