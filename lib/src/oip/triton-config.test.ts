import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseTextProto } from './text-proto.js';
import { fromPlain, readTritonConfig } from './triton-config.js';

const CONFIG = `
# a classifier
name: "digits"
platform: 'onnxruntime_onnx'
max_batch_size: 16;
input [
  { name: "image" data_type: TYPE_FP32 dims: [ 1, 28, 28 ] },
  { name: "mask", data_type: TYPE_BOOL, dims: [ -1 ] }
]
output < name: "logits" data_type: TYPE_FP32 dims: 10 label_filename: "labels.txt" >
version_policy: { specific: { versions: [1, 3] } }
instance_group [ { count: 2 kind: KIND_GPU gpus: [0] } ]
dynamic_batching { preferred_batch_size: [4, 8] max_queue_delay_microseconds: 2500 }
parameters { key: "intra_op_thread_count" value: { string_value: "2" } }
parameters { key: "other" value: { string_value: "x" } }
optimization { graph : { level : -1 } }
default_model_filename: "net" ".onnx"
`;

test('the usual fields of a config.pbtxt', () => {
  assert.deepEqual(readTritonConfig(CONFIG), {
    name: 'digits',
    maxBatchSize: 16,
    fileName: 'net.onnx',
    versions: { kind: 'specific', versions: ['1', '3'] },
    instances: 2,
    gpus: 1,
    batchWaitMs: 2.5,
    intraOpThreads: 2,
    labelFiles: Object.assign(Object.create(null), { logits: 'labels.txt' }),
    ignored: ['instance_group.gpus', 'dynamic_batching.preferred_batch_size', 'parameters.other', 'optimization'],
  });
  assert.deepEqual(readTritonConfig('version_policy: { latest { num_versions: 2 } }').versions, { kind: 'latest', count: 2 });
  assert.deepEqual(readTritonConfig('version_policy { all { } }').versions, {
    kind: 'all',
  });
  assert.deepEqual(readTritonConfig('').ignored, []);
});

test('what would change the answers is refused, with the reason', () => {
  const wrong: readonly (readonly [string, RegExp])[] = [
    ['backend: "tensorrt_plan"', /backend is "tensorrt_plan"; only onnxruntime/],
    ['ensemble_scheduling { step [ ] }', /an ensemble is made of calls between deployments/],
    ['sequence_batching { }', /requests of one sequence/],
    ['input { name: "x" reshape: { shape: [ ] } }', /reshape of an input is not supported/],
    ['output { name: "y" dims: [ 1 ] reshape: { shape: [ ] } }', /reshape of an output is not supported/],
    ['output [ { name: "x" dims: [ 1 ] }, { name: "y" reshape { } } ]', /reshape of an output/],
    ['max_batch_size: -1', /max_batch_size must be an integer of at least 0, not "-1"/],
    ['max_batch_size: 4 max_batch_size: 8', /max_batch_size must be an integer/],
    ['default_model_filename: "../../secret"', /without a folder/],
    ['instance_group [ { count: 0 } ]', /count must be an integer of at least 1/],
    ['instance_group [ { count: 10000 } ]', /count must be an integer of at least 1 and at most 1000/],
    ['instance_group [ { count: 600 }, { count: 600 } ]', /are 1200 together, and may be at most 1000/],
    ['max_batch_size: 1000000000', /at most 1000000/],
    ['parameters { key: "intra_op_thread_count" value { string_value: "5000" } }', /at most 1024/],
  ];
  for (const [source, reason] of wrong) assert.throws(() => readTritonConfig(source), reason);
});

test('a kind of instances that names no processor leaves the GPUs to the device', () => {
  const gpusOf = (group: string) => readTritonConfig(`instance_group [ ${group} ]`).gpus;
  assert.deepEqual(
    ['{ count: 2 }', '{ kind: KIND_AUTO }', '{ kind: KIND_CPU }', '{ kind: KIND_GPU }, { kind: KIND_CPU }'].map(gpusOf),
    [undefined, undefined, 0, 1],
  );
});

/** What Triton 2.5x tells as the configuration of a model that has no file for it. */
const OF_TRITON = {
  name: 'digits',
  platform: 'onnxruntime_onnx',
  backend: 'onnxruntime',
  runtime: '',
  version_policy: { latest: { num_versions: 1 } },
  max_batch_size: 4,
  input: [
    {
      name: 'image',
      data_type: 'TYPE_FP32',
      format: 'FORMAT_NONE',
      dims: [1, 28, 28],
      is_shape_tensor: false,
      allow_ragged_batch: false,
      optional: false,
      is_non_linear_format_io: false,
    },
  ],
  output: [
    {
      name: 'logits',
      data_type: 'TYPE_FP32',
      dims: [10],
      label_filename: '',
      is_shape_tensor: false,
      is_non_linear_format_io: false,
    },
  ],
  batch_input: [],
  batch_output: [],
  optimization: {
    priority: 'PRIORITY_DEFAULT',
    input_pinned_memory: { enable: true },
    output_pinned_memory: { enable: true },
    gather_kernel_buffer_threshold: 0,
    eager_batching: false,
  },
  dynamic_batching: {
    preferred_batch_size: [4],
    max_queue_delay_microseconds: 0,
    preserve_ordering: false,
    priority_levels: 0,
    default_priority_level: 0,
    priority_queue_policy: {},
  },
  instance_group: [
    {
      name: 'digits',
      kind: 'KIND_CPU',
      count: 2,
      gpus: [],
      secondary_devices: [],
      profile: [],
      passive: false,
      host_policy: '',
    },
  ],
  default_model_filename: 'model.onnx',
  cc_model_filenames: {},
  metric_tags: {},
  parameters: {},
  model_warmup: [],
};

test("Triton's own JSON of a configuration can be given back", () => {
  const { ignored, ...config } = fromPlain({ ...OF_TRITON, max_batch_size: 16 });
  assert.deepEqual(config, {
    name: 'digits',
    versions: { kind: 'latest', count: 1 },
    maxBatchSize: 16,
    batchWaitMs: 0,
    gpus: 0,
    instances: 2,
    fileName: 'model.onnx',
    intraOpThreads: undefined,
    labelFiles: Object.create(null),
  });
  assert.equal(ignored.includes('runtime'), false);
});

test('lists and texts that Triton leaves empty are not set', () => {
  assert.deepEqual(fromPlain({ batch_input: [], batch_output: [] }).ignored, []);
  const empty = { name: '', platform: '', backend: 'onnxruntime', default_model_filename: '' };
  assert.deepEqual(fromPlain({ ...empty, output: [{ name: 'y', label_filename: '' }] }), {
    labelFiles: Object.create(null),
    ignored: [],
  });
});

test('a mistake in the text is told with its line', () => {
  const wrong: readonly (readonly [string, RegExp])[] = [
    ['a: 1\nb', /line 2: expected a value, got the end/],
    ['a: {\n\nb: 1', /line 3: expected the name of a field, got the end/],
    ['a: [1, 2', /a list ends with \]/],
    ['a: 1\n\n}', /line 3: expected the name of a field, got "}"/],
    ['a: "x', /line 1: "\\"" is not expected here/],
    ['a: { b > }', /expected a value|expected the name/],
    ['{'.repeat(3), /expected the name of a field/],
    ['a {'.repeat(100), /nested too deeply/],
  ];
  for (const [source, reason] of wrong) assert.throws(() => parseTextProto(source), reason, source);
});

test('texts come back as they were written', () => {
  const quoted = (text: string): string =>
    `"${[...Buffer.from(text, 'latin1')].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')}"`;
  fc.assert(
    fc.property(
      fc.array(
        fc.string({ maxLength: 9 }).map((text) => Buffer.from(text).toString('latin1')),
        { minLength: 1 },
      ),
      (texts) => {
        const message = parseTextProto(texts.map((text) => `t: ${quoted(text)}`).join('\n'));
        assert.deepEqual(
          message.get('t'),
          texts.map((text) => ({ text })),
        );
      },
    ),
  );
});

test('any text is read or refused with a SyntaxError', () => {
  const piece = fc.constantFrom(
    'a',
    ':',
    '{',
    '}',
    '[',
    ']',
    '<',
    '>',
    '"x"',
    "'y'",
    '1',
    '-2.5e3',
    ',',
    ';',
    ' ',
    '\n',
    '# c\n',
    '\\',
    '"',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      try {
        parseTextProto(pieces.join(''));
      } catch (error) {
        assert.ok(error instanceof SyntaxError, String(error));
      }
    }),
    { numRuns: 2000 },
  );
});

test('a value that would be ignored is refused', () => {
  const wrong: readonly (readonly [string, RegExp])[] = [
    ['version_policy: "all"', /version_policy must have one of latest, all, specific/],
    ['version_policy { newest { } }', /version_policy must have one of/],
    ['version_policy { }', /version_policy must have one of/],
    ['instance_group: "two"', /each instance_group must be a message/],
    ['instance_group [ { kind: KIND_BANANA } ]', /must be one of KIND_AUTO, KIND_CPU, KIND_GPU, KIND_MODEL, not "KIND_BANANA"/],
    ['max_batch_size: " "', /max_batch_size must be an integer/],
  ];
  for (const [source, message] of wrong) assert.throws(() => readTritonConfig(source), { message });
});

test('fields that are there very often take time in proportion, and make no long message', () => {
  const many = 'max_batch_size: 1\n'.repeat(50_000);
  assert.throws(
    () => readTritonConfig(many),
    ({ message }: Error) => message.length < 200,
  );
});
