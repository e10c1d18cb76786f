import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type Koffi from 'koffi';
import { loadRuntime } from '../runtime.js';

/** An address in the memory of this process. */
export type Address = bigint;
/** A function of C. Pointers are given as addresses, or as typed arrays whose memory is meant. `async` runs it on a thread of libuv's pool. */
export interface Native {
  (...args: unknown[]): Address;
  async(...args: unknown[]): void;
}

/**
 * Places of the functions in the struct `OrtApi` of onnxruntime_c_api.h, with the types of their arguments: p is a pointer, i an int, z a size_t, s a
 * text. ONNX Runtime only appends to the struct. Each function returns a status, which is null if it succeeded; those named `release` return nothing.
 */
const FUNCTIONS = {
  createEnv: [3, 'isp'],
  createSession: [7, 'pspp'],
  createSessionFromArray: [8, 'ppzpp'],
  run: [9, 'ppppzpzp'],
  createOptions: [10, 'p'],
  disableMemPattern: [17, 'p'],
  disableArena: [19, 'p'],
  setLogSeverity: [22, 'pi'],
  setOptimization: [23, 'pi'],
  setIntraOpThreads: [24, 'pi'],
  setInterOpThreads: [25, 'pi'],
  inputCount: [30, 'pp'],
  outputCount: [31, 'pp'],
  inputType: [33, 'pzp'],
  outputType: [34, 'pzp'],
  inputName: [36, 'pzpp'],
  outputName: [37, 'pzpp'],
  createRunOptions: [39, 'p'],
  setRunLogSeverity: [41, 'pi'],
  terminate: [46, 'p'],
  createTensor: [48, 'ppzip'],
  createTensorWithData: [49, 'ppzpzip'],
  tensorData: [51, 'pp'],
  stringBytes: [53, 'pp'],
  stringContent: [54, 'ppzpz'],
  castToTensorInfo: [55, 'pp'],
  elementType: [60, 'pp'],
  dimensionCount: [61, 'pp'],
  dimensions: [62, 'ppz'],
  symbolicDimensions: [63, 'ppz'],
  shapeOf: [65, 'pp'],
  createCpuMemoryInfo: [69, 'iip'],
  allocatorFree: [76, 'pp'],
  defaultAllocator: [78, 'p'],
  overrideDimension: [124, 'psl'],
  addConfigEntry: [130, 'pss'],
  stringElementBuffer: [252, 'pzzp'],
} as const satisfies Readonly<Record<string, readonly [number, string]>>;

const RELEASES = { status: 93, session: 95, value: 96, runOptions: 97, typeInfo: 98, shape: 99, options: 100 } as const;

const TYPES: Readonly<Record<string, string>> = { p: 'void *', i: 'int', z: 'size_t', s: 'const char *', l: 'int64_t' };
/** The version of the struct that has all functions above. */
const API_VERSION = 20;
const LONGEST_STRUCT = 253;

/** ONNX Runtime's C API, in the library that onnxruntime-node brings. */
export class NativeApi {
  readonly call: { readonly [F in keyof typeof FUNCTIONS]: Native };
  readonly release: { readonly [R in keyof typeof RELEASES]: Native };
  /** Copies bytes: to, from, count. */
  readonly copy: Native;
  readonly environment: Address;
  readonly memoryInfo: Address;
  readonly allocator: Address;
  readonly #koffi: typeof Koffi;
  readonly #message: (status: Address) => string;

  constructor(koffi: typeof Koffi, library: string) {
    this.#koffi = koffi;
    const base = koffi.load(library).func('void *OrtGetApiBase()')();
    const [getApi] = koffi.decode(base, koffi.array('void *', 2)) as [Address];
    const struct = koffi.decode(getApi, koffi.proto('void *', ['uint32_t']))(API_VERSION);
    const places = koffi.decode(struct, koffi.array('void *', LONGEST_STRUCT)) as Address[];
    const bind = (place: number, result: string, args: string): Native =>
      koffi.decode(
        places[place],
        koffi.proto(
          result,
          [...args].map((letter) => TYPES[letter] as string),
        ),
      ) as Native;
    const status = Object.entries(FUNCTIONS).map(([name, [place, args]]) => [name, bind(place, 'void *', args)]);
    this.call = Object.fromEntries(status);
    this.release = Object.fromEntries(Object.entries(RELEASES).map(([name, place]) => [name, bind(place, 'void', 'p')])) as never;
    this.#message = bind(2, 'const char *', 'p') as unknown as (status: Address) => string;
    this.copy = koffi.load(null).func('memcpy', 'void', ['void *', 'void *', 'size_t']) as unknown as Native;
    // A process has one environment, which the binding made first. This only counts one more user of it.
    this.environment = this.made(this.call.createEnv, 4, 'nbserve');
    this.memoryInfo = this.made(this.call.createCpuMemoryInfo, 0, 0);
    this.allocator = this.made(this.call.defaultAllocator);
  }

  /** @throws an error with the runtime's message if the status says that the call failed */
  check(status: Address): void {
    if (!status) return;
    const message = this.#message(status);
    this.release.status(status);
    throw new Error(message);
  }

  /** Calls a function whose last argument is the place for an address, or for a number of 64 bits, and returns that. */
  made(create: Native, ...args: unknown[]): Address {
    const place = new BigUint64Array(1);
    this.check(create(...args, place));
    return place[0] as Address;
  }

  /** As {@link made}, on a thread of the pool. */
  madeBeside(create: Native, ...args: unknown[]): Promise<Address> {
    const place = new BigUint64Array(1);
    return this.beside(create, ...args, place).then(() => place[0] as Address);
  }

  /** Calls a function on a thread of the pool. Memory among the arguments is kept until it has ended. */
  beside(work: Native, ...args: unknown[]): Promise<void> {
    return new Promise((resolve, reject) => {
      work.async(...args, (error: Error | null, status: Address) => {
        try {
          if (error !== null) throw error;
          this.check(status);
          resolve(void args);
        } catch (failure) {
          reject(failure as Error);
        }
      });
    });
  }

  text(address: Address): string {
    return this.#koffi.decode.string(address);
  }

  /** Texts as C wants them: an array of addresses, and what has to be kept as long as that array. */
  texts(values: readonly string[]): { readonly addresses: BigUint64Array; readonly bytes: readonly Uint8Array[] } {
    const bytes = values.map((value) => Buffer.from(`${value}\0`));
    return { addresses: BigUint64Array.from(bytes, (each) => this.#koffi.address(each)), bytes };
  }
}

let found: NativeApi | string | undefined;

/** @returns the API, or the reason why this process cannot have it */
export function nativeApi(): NativeApi | string {
  found ??= look();
  return found;
}

function look(): NativeApi | string {
  if (process.platform !== 'linux') return `it was tried on Linux only, and this is ${process.platform}`;
  const require = createRequire(import.meta.url);
  let koffi: typeof Koffi;
  try {
    koffi = require('koffi') as typeof Koffi;
  } catch (error) {
    const absent = (error as { code?: string }).code === 'MODULE_NOT_FOUND';
    return absent
      ? 'the package koffi is not installed: npm install koffi'
      : `koffi cannot be loaded (${(error as Error).message})`;
  }
  loadRuntime();
  const folder = join(
    dirname(require.resolve('onnxruntime-node/package.json')),
    'bin',
    'napi-v6',
    process.platform,
    process.arch,
  );
  const file = existsSync(folder) ? readdirSync(folder).find((name) => name.startsWith('libonnxruntime.so')) : undefined;
  if (file === undefined) return `onnxruntime-node has no library for ${process.platform} on ${process.arch}`;
  try {
    return new NativeApi(koffi, join(folder, file));
  } catch (error) {
    return `the C API of ONNX Runtime cannot be used (${(error as Error).message})`;
  }
}
