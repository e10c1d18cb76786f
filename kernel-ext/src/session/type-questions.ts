import { isNbserveError } from 'nbserve/errors';
import { typescriptVersion, useTslab } from '../versions/index.js';
import type { Converter, SideModule } from './converter.js';
import { createConverter } from './create-converter.js';

export interface TypeQuestionsOptions {
  readonly folder: string;
  /** See `SessionOptions`. */
  readonly uninterruptible: <T>(work: () => T) => T;
  readonly onCheck: (pid: number) => void;
  readonly interruptPending: () => boolean;
}

/** Asks the converter, which is made at the first question, so that an interrupt can end the question. */
export class TypeQuestions {
  readonly #options: TypeQuestionsOptions;
  #converter: Converter | undefined;
  /** The type checker is at work. Still true at its next use: it was terminated, and is of no use any more. */
  #checking = false;
  #asking = false;
  #notice: string | undefined;

  constructor(options: TypeQuestionsOptions) {
    this.#options = options;
  }

  /** The process that checks types is asked. */
  get isAsking(): boolean {
    return this.#asking;
  }

  ask<T>(work: (types: Converter) => T): T {
    if (this.#checking) this.#converter = undefined;
    const types = this.#options.uninterruptible(() => this.converter());
    if (types.checker !== undefined) return this.#options.uninterruptible(() => this.#askProcess(types, work));
    this.#checking = true;
    try {
      return work(types);
    } finally {
      this.#checking = false;
    }
  }

  converter(): Converter {
    this.#converter ??= createConverter(this.#options.folder, this.#options.interruptPending);
    return this.#converter;
  }

  /** What the next cell prints about its check. */
  takeNotice(): string | undefined {
    const notice = this.#notice;
    this.#notice = undefined;
    return notice;
  }

  sideModule(folder: string, specifier: string): ReturnType<NonNullable<Converter['sideModule']>> {
    return this.#options.uninterruptible(() => this.#converter?.sideModule?.(folder, specifier));
  }

  fileOf(folder: string, specifier: string): string | undefined {
    return this.#options.uninterruptible(() => this.#converter?.fileOf?.(folder, specifier));
  }

  compilerOptions(): Readonly<Record<string, unknown>> | undefined {
    return this.#options.uninterruptible(() => this.#converter?.compilerOptions?.());
  }

  awaitPackage(specifier: string): readonly SideModule[] {
    return this.#options.uninterruptible(() => this.#converter?.awaitPackage?.(specifier)) ?? [];
  }

  dispose(): void {
    this.#converter?.dispose();
    this.#converter = undefined;
  }

  #askProcess<T>(types: Converter, work: (types: Converter) => T): T {
    this.#asking = true;
    this.#options.onCheck(types.checker?.() ?? 0);
    try {
      return work(types);
    } catch (error) {
      if (!isNbserveError(error) || error.code !== 'NBS_NO_TYPE_CHECKER') throw error;
      useTslab();
      this.#notice = `${error.message}; TypeScript ${typescriptVersion()} of tslab checks the cells`;
      this.#converter = undefined;
    } finally {
      this.#asking = false;
      this.#options.onCheck(0);
    }
    return this.ask(work);
  }
}

const LEADING_COMMENTS = /^(?:\s|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/;

/** The cell begins with `// @ts-nocheck`. */
export const saysNoCheck = (text: string): boolean => /@ts-nocheck\b/.test(LEADING_COMMENTS.exec(text)?.[0] ?? '');
