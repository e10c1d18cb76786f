/** Globals of Node whose types are only in TypeScript's library for browsers. They are not declared if the notebook's `tsconfig.json` includes that library. */
export const NODE_GLOBALS = `
declare const Performance: { readonly prototype: typeof performance };
interface Crypto extends __NbsWebcrypto.Crypto {}
declare const Crypto: { readonly prototype: Crypto };
interface CryptoKey extends __NbsWebcrypto.CryptoKey {}
declare const CryptoKey: { readonly prototype: CryptoKey };
interface SubtleCrypto extends __NbsWebcrypto.SubtleCrypto {}
declare const SubtleCrypto: { readonly prototype: SubtleCrypto };
declare namespace __NbsWebcrypto {
  type Crypto = import('node:crypto').webcrypto.Crypto;
  type CryptoKey = import('node:crypto').webcrypto.CryptoKey;
  type SubtleCrypto = import('node:crypto').webcrypto.SubtleCrypto;
}
declare namespace WebAssembly {
  type ValueType = 'anyfunc' | 'externref' | 'f32' | 'f64' | 'i32' | 'i64' | 'v128';
  type ImportExportKind = 'function' | 'global' | 'memory' | 'table';
  type ExportValue = Function | Global | Memory | Table;
  type Exports = Record<string, any>;
  type ImportValue = ExportValue | number | bigint;
  type Imports = Record<string, Record<string, ImportValue>>;
  type Bytes = ArrayBuffer | NodeJS.ArrayBufferView;
  interface WebAssemblyInstantiatedSource { instance: Instance; module: Module; }
  class Module {
    constructor(bytes: Bytes);
    static exports(module: Module): { kind: ImportExportKind; name: string }[];
    static imports(module: Module): { kind: ImportExportKind; module: string; name: string }[];
    static customSections(module: Module, name: string): ArrayBuffer[];
  }
  class Instance {
    constructor(module: Module, imports?: Imports);
    readonly exports: Exports;
  }
  class Memory {
    constructor(descriptor: { initial: number; maximum?: number; shared?: boolean });
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  }
  class Table {
    constructor(descriptor: { element: 'anyfunc' | 'externref'; initial: number; maximum?: number }, value?: any);
    readonly length: number;
    get(index: number): any;
    grow(delta: number, value?: any): number;
    set(index: number, value?: any): void;
  }
  class Global {
    constructor(descriptor: { value: ValueType; mutable?: boolean }, value?: any);
    value: any;
    valueOf(): any;
  }
  class CompileError extends Error {}
  class LinkError extends Error {}
  class RuntimeError extends Error {}
  function validate(bytes: Bytes): boolean;
  function compile(bytes: Bytes): Promise<Module>;
  function instantiate(bytes: Bytes, imports?: Imports): Promise<WebAssemblyInstantiatedSource>;
  function instantiate(module: Module, imports?: Imports): Promise<Instance>;
  function compileStreaming(source: Response | PromiseLike<Response>): Promise<Module>;
  function instantiateStreaming(source: Response | PromiseLike<Response>, imports?: Imports): Promise<WebAssemblyInstantiatedSource>;
}
`;
