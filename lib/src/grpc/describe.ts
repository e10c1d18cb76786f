import { relative } from 'node:path';
import type { Enum, Field, MapField, Namespace, ReflectionObject, Root, Service, Type } from 'protobufjs';
import type { Protobuf } from './packages.js';
import type { DescribedFile } from './plan.js';

/** Numbers of `FieldDescriptorProto.Type`. */
const TYPES: Readonly<Record<string, number>> = {
  double: 1,
  float: 2,
  int64: 3,
  uint64: 4,
  int32: 5,
  fixed64: 6,
  fixed32: 7,
  bool: 8,
  string: 9,
  bytes: 12,
  uint32: 13,
  sfixed32: 15,
  sfixed64: 16,
  sint32: 17,
  sint64: 18,
};
const MESSAGE = 11;
const ENUM = 14;
const OPTIONAL = 1;
const REQUIRED = 2;
const REPEATED = 3;

/** Files of the types that every installation of protobuf has. The parser gets them from memory, and does not say which file they are from. */
const WELL_KNOWN: Readonly<Record<string, string>> = {
  Any: 'any',
  Duration: 'duration',
  Empty: 'empty',
  FieldMask: 'field_mask',
  Struct: 'struct',
  Value: 'struct',
  NullValue: 'struct',
  ListValue: 'struct',
  Timestamp: 'timestamp',
  DoubleValue: 'wrappers',
  FloatValue: 'wrappers',
  Int64Value: 'wrappers',
  UInt64Value: 'wrappers',
  Int32Value: 'wrappers',
  UInt32Value: 'wrappers',
  BoolValue: 'wrappers',
  StringValue: 'wrappers',
  BytesValue: 'wrappers',
  SourceContext: 'source_context',
  Api: 'api',
  Method: 'api',
  Mixin: 'api',
};

interface FileDraft {
  readonly name: string;
  readonly package: string;
  syntax: 'proto2' | 'proto3';
  readonly dependency: Set<string>;
  readonly symbols: string[];
  readonly messageType: object[];
  readonly enumType: object[];
  readonly service: object[];
}

/**
 * Describes the files of a parsed schema for reflection. protobufjs can do that too, but it names no dependencies and makes one file of each
 * package, which clients that know some of the files refuse.
 * @param folders the longest one that contains a file is left out of the file's name
 */
export class FileDescriber {
  readonly #protobuf: Protobuf;
  readonly #folders: readonly string[];
  readonly #files = new Map<string, FileDraft>();

  constructor(protobuf: Protobuf, folders: readonly string[]) {
    this.#protobuf = protobuf;
    this.#folders = folders;
  }

  describe(root: Root): readonly DescribedFile[] {
    this.#visit(root);
    const { FileDescriptorProto } = descriptorTypes(this.#protobuf);
    return [...this.#files.values()].map(({ dependency, symbols, syntax, ...file }) => {
      const whole = { ...file, dependency: [...dependency], ...(syntax === 'proto3' ? { syntax } : {}) };
      const bytes = FileDescriptorProto.encode(FileDescriptorProto.fromObject(whole)).finish();
      return { name: file.name, descriptor: Buffer.from(bytes).toString('base64'), dependencies: [...dependency], symbols };
    });
  }

  #visit(space: Namespace): void {
    const { Type: IsType, Enum: IsEnum, Service: IsService, Namespace: IsNamespace } = this.#protobuf;
    for (const object of space.nestedArray) {
      if (object instanceof IsType) this.#fileOf(object).messageType.push(this.#message(object, this.#fileOf(object)));
      else if (object instanceof IsEnum) this.#fileOf(object).enumType.push(this.#enum(object, this.#fileOf(object)));
      else if (object instanceof IsService) this.#fileOf(object).service.push(this.#service(object, this.#fileOf(object)));
      else if (object instanceof IsNamespace) this.#visit(object);
    }
  }

  #fileOf(object: ReflectionObject): FileDraft {
    let top = object;
    while (top.parent instanceof this.#protobuf.Type) top = top.parent;
    const packageName = (top.parent?.fullName ?? '').slice(1);
    const name = this.#nameOf(top, packageName);
    let file = this.#files.get(name);
    if (file === undefined) {
      const syntax = editionOf(top) === 'proto2' ? 'proto2' : 'proto3';
      const lists = { symbols: [], messageType: [], enumType: [], service: [] };
      file = { name, package: packageName, syntax, dependency: new Set(), ...lists };
      this.#files.set(name, file);
    }
    return file;
  }

  #nameOf(top: ReflectionObject, packageName: string): string {
    const { filename } = top;
    if (filename) {
      const inside = this.#folders.map((folder) => relative(folder, filename)).filter((path) => !path.startsWith('..'));
      return inside.toSorted((a, b) => a.length - b.length)[0] ?? filename;
    }
    if (packageName === 'google.protobuf') return `google/protobuf/${WELL_KNOWN[top.name] ?? top.name.toLowerCase()}.proto`;
    return `${packageName.replaceAll('.', '/')}.proto`;
  }

  /** The full name of a type, whose file the other file then depends on. */
  #refer(type: ReflectionObject, from: FileDraft): string {
    const { name } = this.#fileOf(type);
    if (name !== from.name) from.dependency.add(name);
    return type.fullName;
  }

  #message(type: Type, file: FileDraft): object {
    file.symbols.push(type.fullName.slice(1));
    const { Type: IsType, Enum: IsEnum, MapField: IsMap } = this.#protobuf;
    const isSynthetic = (name: string): boolean => type.oneofs[name]?.fieldsArray.every(isProto3Optional) === true;
    // The oneofs that stand for `optional` have to come last.
    const oneofs = type.oneofsArray.map(({ name }) => name);
    const ordered = [...oneofs.filter((name) => !isSynthetic(name)), ...oneofs.filter(isSynthetic)];
    const maps = type.fieldsArray.filter((field) => field instanceof IsMap) as unknown as MapField[];
    return {
      name: type.name,
      field: type.fieldsArray.map((field) => this.#field(field, ordered, file)),
      nestedType: [
        ...type.nestedArray.filter((one) => one instanceof IsType).map((one) => this.#message(one, file)),
        ...maps.map((field) => this.#mapEntry(field, file)),
      ],
      enumType: type.nestedArray.filter((one) => one instanceof IsEnum).map((one) => this.#enum(one, file)),
      oneofDecl: ordered.map((name) => ({ name })),
      ...(type.extensions
        ? { extensionRange: type.extensions.map(([start, end]) => ({ start, end: (end ?? start ?? 0) + 1 })) }
        : {}),
    };
  }

  #field(field: Field, oneofs: readonly string[], file: FileDraft): object {
    const { name, id: number, options } = field;
    const common = { name, number, jsonName: this.#protobuf.util.camelCase(name) };
    if (field.map) {
      return { ...common, label: REPEATED, type: MESSAGE, typeName: `${field.parent?.fullName}.${entryName(field)}` };
    }
    const label = field.repeated ? REPEATED : field.required ? REQUIRED : OPTIONAL;
    const oneof = field.partOf === null ? -1 : oneofs.indexOf(field.partOf?.name ?? '');
    const packs = field.repeated && field.resolvedType === null && field.packed !== (editionOf(field) !== 'proto2');
    const fallback: unknown = options?.default;
    return {
      ...common,
      label,
      ...this.#typeOf(field.type, field.resolvedType, file),
      ...(oneof >= 0 ? { oneofIndex: oneof } : {}),
      ...(isProto3Optional(field) ? { proto3Optional: true } : {}),
      ...(packs && !['string', 'bytes'].includes(field.type) ? { options: { packed: field.packed } } : {}),
      ...(fallback === undefined || fallback === null ? {} : { defaultValue: String(fallback) }),
    };
  }

  #typeOf(type: string, resolved: Type | Enum | null, file: FileDraft): object {
    if (resolved === null) return { type: TYPES[type] };
    return { type: resolved instanceof this.#protobuf.Enum ? ENUM : MESSAGE, typeName: this.#refer(resolved, file) };
  }

  #mapEntry(field: MapField, file: FileDraft): object {
    return {
      name: entryName(field),
      field: [
        { name: 'key', number: 1, label: OPTIONAL, type: TYPES[field.keyType], jsonName: 'key' },
        { name: 'value', number: 2, label: OPTIONAL, jsonName: 'value', ...this.#typeOf(field.type, field.resolvedType, file) },
      ],
      options: { mapEntry: true },
    };
  }

  #enum(type: Enum, file: FileDraft): object {
    file.symbols.push(type.fullName.slice(1));
    const value = Object.entries(type.values).map(([name, number]) => ({ name, number }));
    return { name: type.name, value, ...(type.options?.allow_alias === true ? { options: { allowAlias: true } } : {}) };
  }

  #service(service: Service, file: FileDraft): object {
    const symbol = service.fullName.slice(1);
    file.symbols.push(symbol, ...service.methodsArray.map(({ name }) => `${symbol}.${name}`));
    return {
      name: service.name,
      method: service.methodsArray.map(({ name, resolvedRequestType, resolvedResponseType, requestStream, responseStream }) => ({
        name,
        inputType: this.#refer(resolvedRequestType as Type, file),
        outputType: this.#refer(resolvedResponseType as Type, file),
        clientStreaming: requestStream === true,
        serverStreaming: responseStream === true,
      })),
    };
  }
}

/** The name that protoc gives the message behind a map: `LabelsEntry` for `labels`. */
const entryName = ({ name }: Pick<Field, 'name'>): string =>
  `${name.replace(/(?:^|_)([a-zA-Z])/g, (_, letter: string) => letter.toUpperCase())}Entry`;

const isProto3Optional = (field: Field): boolean => field.options?.proto3_optional === true;

/** `proto2`, `proto3` or an edition. The parser notes it on what stands at the top of a file. */
function editionOf(object: ReflectionObject): string {
  for (let one: ReflectionObject | null = object; one !== null; one = one.parent) {
    const { _edition: edition } = one as unknown as { _edition?: string | null };
    if (edition != null && one.parent !== null) return edition;
  }
  return 'proto3';
}

interface DescriptorTypes {
  readonly FileDescriptorProto: Type;
}

/** The messages of `google/protobuf/descriptor.proto`, which the package has as JSON. */
function descriptorTypes(protobuf: Protobuf): DescriptorTypes {
  const common = protobuf.common as unknown as Record<string, unknown> & { get(file: string): object | null };
  const json = common.get('google/protobuf/descriptor.proto');
  const root = protobuf.Root.fromJSON(json as never);
  return { FileDescriptorProto: root.lookupType('google.protobuf.FileDescriptorProto') };
}
