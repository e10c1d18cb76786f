import { isRecord, shownValue } from '../core/index.js';
import { parseTextProto, type TextMessage, type TextValue } from './text-proto.js';

/** Fields of Triton's `config.pbtxt` that have an effect here. */
export interface TritonConfig {
  readonly name?: string;
  readonly maxBatchSize?: number;
  readonly fileName?: string;
  readonly versions?: VersionPolicy;
  readonly instances?: number;
  /** How many GPUs one replica needs: 1 for KIND_GPU, 0 for KIND_CPU. Of other kinds, its device decides. */
  readonly gpus?: number;
  readonly batchWaitMs?: number;
  readonly intraOpThreads?: number;
  /** Files with the texts of classes, by output. */
  readonly labelFiles: Readonly<Record<string, string>>;
  /** Fields that have no effect here, for a note. */
  readonly ignored: readonly string[];
}

export type VersionPolicy =
  | { readonly kind: 'latest'; readonly count: number }
  | { readonly kind: 'all' }
  | { readonly kind: 'specific'; readonly versions: readonly string[] };

/** Fields that change what a model computes. A server that ignores them answers wrongly. */
const REFUSED = {
  ensemble_scheduling: 'an ensemble is made of calls between deployments here',
  sequence_batching: 'requests of one sequence are not kept together here',
  batch_input: 'inputs that the server computes from the batch do not exist here',
  batch_output: 'outputs that the server cuts by the batch do not exist here',
};
const KINDS = ['KIND_AUTO', 'KIND_CPU', 'KIND_GPU', 'KIND_MODEL'];
/** As for the options of `onnx.serve`. */
const MAX_BATCH_SIZE = 1_000_000;
const MAX_THREADS = 1024;
/** Each instance is a process. */
const MAX_INSTANCES = 1000;
const POLICIES = ['latest', 'all', 'specific'];
/** Fields that are not set if they are empty. */
const TEXTS = ['name', 'platform', 'backend', 'runtime', 'default_model_filename'];
const BACKENDS = ['onnxruntime', 'onnxruntime_onnx', 'onnx'];

/** @throws Error with the reason in words */
export function readTritonConfig(source: string): TritonConfig {
  return fromPlain(plain(parseTextProto(source)));
}

/** As a JSON object of Triton's field names, as `config.pbtxt` or a YAML file gives it. @throws Error with the reason in words */
export function fromPlain(config: Readonly<Record<string, unknown>>): TritonConfig {
  const ignored: string[] = [];
  const labelFiles: Record<string, string> = Object.create(null);
  const found: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(config)) {
    // Triton's own JSON has all fields, also lists and texts in which nobody has put anything.
    if (isEmptyList(value) || (value === '' && TEXTS.includes(field))) continue;
    if (Object.hasOwn(REFUSED, field)) throw new Error(`${field} is not supported: ${REFUSED[field as keyof typeof REFUSED]}`);
    switch (field) {
      case 'name':
        found.name = text(field, value);
        break;
      case 'platform':
      case 'backend':
        if (!BACKENDS.includes(text(field, value)))
          throw new Error(`${field} is ${shown(value)}; only ${BACKENDS.join(', ')} can be served`);
        break;
      case 'max_batch_size':
        found.maxBatchSize = whole(field, value, 0, MAX_BATCH_SIZE);
        break;
      case 'default_model_filename':
        found.fileName = fileName(field, value);
        break;
      case 'version_policy':
        found.versions = versionPolicy(value);
        break;
      case 'instance_group':
        Object.assign(found, instances(listOf(value), ignored));
        break;
      case 'dynamic_batching':
        found.batchWaitMs = batchWait(value, ignored);
        break;
      case 'parameters':
        found.intraOpThreads = threads(entriesOf(value), ignored);
        break;
      case 'output':
        refuseReshape(field, value);
        for (const each of listOf(value).filter(isRecord))
          if (each.label_filename !== undefined && each.label_filename !== '')
            labelFiles[text('name', each.name)] = fileName('label_filename', each.label_filename);
        break;
      case 'input':
        refuseReshape(field, value);
        break;
      default:
        ignored.push(field);
    }
  }
  return { ...found, labelFiles, ignored };
}

/** With it, the shapes of requests or answers would not be those of the model. */
function refuseReshape(field: 'input' | 'output', tensors: unknown): void {
  if (listOf(tensors).some((each) => isRecord(each) && each.reshape !== undefined))
    throw new Error(`reshape of an ${field} is not supported`);
}

function versionPolicy(value: unknown): VersionPolicy {
  const policy = isRecord(value) ? value : {};
  const [kind = '', ...others] = Object.keys(policy);
  if (!POLICIES.includes(kind) || others.length > 0)
    throw new Error(
      `version_policy must have one of ${POLICIES.join(', ')}, such as { latest { num_versions: 2 } }, not ${shown(value)}`,
    );
  if (policy.all !== undefined) return { kind: 'all' };
  if (isRecord(policy.specific))
    return {
      kind: 'specific',
      versions: listOf(policy.specific.versions).map((each) => String(whole('versions', each, 1))),
    };
  const latest = isRecord(policy.latest) ? policy.latest : {};
  return {
    kind: 'latest',
    count: latest.num_versions === undefined ? 1 : whole('num_versions', latest.num_versions, 1),
  };
}

function instances(groups: readonly unknown[], ignored: string[]): Pick<TritonConfig, 'instances' | 'gpus'> {
  let count = 0;
  let gpus: number | undefined;
  for (const group of groups) {
    if (!isRecord(group)) throw new Error('each instance_group must be a message such as { count: 2 kind: KIND_CPU }');
    const { kind = 'KIND_AUTO' } = group;
    if (!KINDS.includes(kind as string))
      throw new Error(`the kind of an instance_group must be one of ${KINDS.join(', ')}, not ${shown(kind)}`);
    count += group.count === undefined ? 1 : whole('count', group.count, 1, MAX_INSTANCES);
    if (kind === 'KIND_GPU') gpus = 1;
    else if (kind === 'KIND_CPU') gpus ??= 0;
    for (const field of Object.keys(group))
      if (!['name', 'count', 'kind'].includes(field)) ignored.push(`instance_group.${field}`);
  }
  if (count > MAX_INSTANCES)
    throw new Error(`the counts of instance_group are ${count} together, and may be at most ${MAX_INSTANCES}`);
  return { instances: Math.max(1, count), ...(gpus === undefined ? {} : { gpus }) };
}

function batchWait(value: unknown, ignored: string[]): number {
  const batching = isRecord(value) ? value : {};
  for (const field of Object.keys(batching))
    if (field !== 'max_queue_delay_microseconds') ignored.push(`dynamic_batching.${field}`);
  const delay = batching.max_queue_delay_microseconds;
  return delay === undefined ? 0 : whole('max_queue_delay_microseconds', delay, 0) / 1000;
}

/** A map is an object in JSON and YAML, and in the text format entries with `key` and `value`. */
function entriesOf(value: unknown): readonly unknown[] {
  // The value of a parameter called `key` is a message, and the key of an entry is a text.
  if (!isRecord(value) || typeof value.key === 'string') return listOf(value);
  return Object.entries(value).map(([key, each]) => ({ key, value: each }));
}

/** The values of the parameters are messages such as `{ string_value: "2" }`. */
function threads(entries: readonly unknown[], ignored: string[]): number | undefined {
  let found: number | undefined;
  for (const entry of entries.filter(isRecord)) {
    if (entry.key !== 'intra_op_thread_count') ignored.push(`parameters.${String(entry.key)}`);
    else found = whole('intra_op_thread_count', isRecord(entry.value) ? entry.value.string_value : undefined, 0, MAX_THREADS);
  }
  return found;
}

/** Messages as objects. A field that is there once is its value, and otherwise a list. */
function plain(message: TextMessage): Record<string, unknown> {
  const simple = (value: TextValue): unknown =>
    'text' in value ? value.text : 'word' in value ? value.word : plain(value as TextMessage);
  return Object.fromEntries(
    [...message].map(([field, values]) => [field, values.length === 1 ? simple(values[0] as TextValue) : values.map(simple)]),
  );
}

const isEmptyList = (value: unknown): boolean => Array.isArray(value) && value.length === 0;

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : value === undefined ? [] : [value]);

function text(field: string, value: unknown): string {
  if (typeof value === 'string') return value;
  throw new Error(`${field} must be one text`);
}

function fileName(field: string, value: unknown): string {
  const name = text(field, value);
  if (/^[^/\\]+$/.test(name) && name !== '..' && name !== '.') return name;
  throw new Error(`${field} must be the name of a file without a folder, not ${name}`);
}

function whole(field: string, value: unknown, min: number, max = Number.MAX_SAFE_INTEGER): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (Number.isSafeInteger(number) && (number as number) >= min && (number as number) <= max) return number as number;
  const most = (number as number) > max ? ` and at most ${max}` : '';
  throw new Error(`${field} must be an integer of at least ${min}${most}, not ${shown(value)}`);
}

const shown = (value: unknown): string => (value === undefined ? 'nothing' : shownValue(value).slice(0, 60));
