// Requests to infer for a model that returns its inputs, one of each type: valid ones with the answer that they must get, and ones that must be refused.
import { gzipSync } from 'node:zlib';
import { Draw } from './draw.mjs';
import { TYPES } from './inference-types.mjs';

/** The inputs of the model, and its outputs, which have the same names with `out_` before them. */
export const INPUTS = Object.entries(TYPES).map(([datatype, { type }]) => ({
  name: datatype.toLowerCase(),
  datatype,
  type,
}));

/** A request that can be changed before it is sent. */
function makeValid(random) {
  const rows = random.between(1, 3);
  const inputs = INPUTS.map(({ name, datatype }) => {
    const { make, bytes, json } = TYPES[datatype];
    const shape = [rows, random.between(1, 4)];
    const values = Array.from({ length: shape[0] * shape[1] }, () => make(random));
    const isBinary = random.between(0, 1) === 1;
    const data = Buffer.concat(values.map(bytes));
    const sent = isBinary ? { parameters: { binary_data_size: data.length } } : { data: values.map(json) };
    return {
      tensor: { name, datatype, shape, ...sent },
      binary: isBinary ? data : Buffer.alloc(0),
      values: values.map(json),
      isBinary,
    };
  });
  return {
    method: 'POST',
    path: random.pick(['/v2/models/echo/infer', '/v2/models/echo/versions/1/infer']),
    json: /** @type {any} */ ({
      id: 'x',
      inputs: inputs.map(({ tensor }) => tensor),
    }),
    inputs,
    binary: () => Buffer.concat(inputs.map(({ binary }) => binary)),
    headers: /** @type {Record<string, string>} */ ({}),
    /** What replaces the text of the JSON, the body, and the length in the header. */
    text: /** @type {string | undefined} */ (undefined),
    body: /** @type {Buffer | undefined} */ (undefined),
    headerBytes: /** @type {string | undefined} */ (undefined),
  };
}

const pickInput = (random, request, test = (_) => true) => random.pick(request.inputs.filter(test));
const jsonInput = (random, request) => {
  const input = pickInput(random, request);
  if (input.isBinary) {
    input.tensor.data = input.values;
    delete input.tensor.parameters;
    input.binary = Buffer.alloc(0);
    input.isBinary = false;
  }
  return input;
};
const binaryInput = (random, request, datatype) => {
  const input = pickInput(random, request, ({ tensor }) => datatype === undefined || tensor.datatype === datatype);
  if (!input.isBinary) {
    const { bytes } = TYPES[input.tensor.datatype];
    input.binary = Buffer.concat(input.values.map((value) => bytes(value === true ? 1 : value === false ? 0 : value)));
    input.tensor.parameters = { binary_data_size: input.binary.length };
    delete input.tensor.data;
    input.isBinary = true;
  }
  return input;
};

const NOT_SHAPES = [
  null,
  5,
  'x',
  {},
  [-1, 2],
  [1.5, 2],
  ['1', 2],
  [2 ** 31, 1],
  [2 ** 53, 2 ** 53],
  [1e308],
  [[1]],
  new Array(40).fill(1),
  [],
];
const NOT_TYPES = ['FP31', 'fp32', '', null, 5, 'BF16', 'TYPE_FP32', '__proto__'];

/** Name → what makes a valid request one that must be refused. */
const FAULTS = {
  'an input is missing': (random, request) => request.json.inputs.splice(random.between(0, INPUTS.length - 1), 1),
  'an input is there twice': (random, request) => request.json.inputs.push(pickInput(random, request).tensor),
  'an unknown input': (random, request) => {
    pickInput(random, request).tensor.name = random.pick(['nope', '__proto__', 'constructor', '', 'toString', 'a'.repeat(5000)]);
  },
  'a name that is no text': (random, request) => {
    pickInput(random, request).tensor.name = random.pick([null, 5, {}, []]);
  },
  'a wrong datatype': (random, request) => {
    const { tensor } = pickInput(random, request);
    tensor.datatype = random.pick([...NOT_TYPES, ...Object.keys(TYPES).filter((one) => one !== tensor.datatype)]);
  },
  'no shape': (random, request) => {
    pickInput(random, request).tensor.shape = random.pick(NOT_SHAPES);
  },
  'a shape of another size': (random, request) => {
    const { tensor } = pickInput(random, request);
    tensor.shape = random.pick([
      [tensor.shape[0] + 1, tensor.shape[1]],
      [...tensor.shape, 1],
      [tensor.shape[0] * tensor.shape[1]],
      [100_000, 100_000],
    ]);
  },
  'values of the wrong kind': (random, request) => {
    const { tensor } = jsonInput(random, request);
    const wrong = tensor.datatype === 'BYTES' ? [null, 5, true, {}, [[]]] : [null, 'x', '5', {}, [[], []]];
    tensor.data = tensor.data.map(() => random.pick(wrong));
  },
  'a wrong number of values': (random, request) => {
    const { tensor } = jsonInput(random, request);
    tensor.data = random.pick([tensor.data.slice(1), [...tensor.data, tensor.data[0]], null, 'x', {}, undefined]);
  },
  'numbers out of range': (random, request) => {
    const { tensor } = jsonInput(random, request);
    const beyond = { FP64: null, BYTES: null }[tensor.datatype] === null ? null : 1e300;
    tensor.data = tensor.data.map(() => beyond);
  },
  'data and a binary size': (random, request) => {
    const { tensor, values } = binaryInput(random, request);
    tensor.data = values;
  },
  'a binary size that lies': (random, request) => {
    const { tensor } = binaryInput(random, request);
    const size = tensor.parameters.binary_data_size;
    tensor.parameters.binary_data_size = random.pick([size + 1, size + 8, 0.5, -1, 2 ** 40, String(size), null, {}]);
  },
  'a body that is cut': (random, request) => {
    binaryInput(random, request);
    const whole = assemble(request);
    request.headerBytes = whole.headers['inference-header-content-length'];
    request.body = whole.body.subarray(0, random.between(0, whole.body.length - 1));
  },
  'bytes after the data': (random, request) => {
    const whole = assemble(request);
    request.headerBytes = whole.headers['inference-header-content-length'] ?? String(whole.body.length);
    request.body = Buffer.concat([whole.body, Buffer.from(random.bytes(random.between(1, 50)), 'latin1')]);
  },
  'a length of the JSON that lies': (random, request) => {
    const { body } = assemble(request);
    request.headerBytes = random.pick([
      '-1',
      'x',
      '1e3',
      '1.5',
      '99999999999999999999',
      String(body.length + 1),
      '1',
      '0x10',
      '5',
    ]);
  },
  'texts whose lengths lie': (random, request) => {
    const input = binaryInput(random, request, 'BYTES');
    input.binary.writeUInt32LE(random.pick([2 ** 32 - 1, 2 ** 31, input.binary.length, input.binary.length - 3]), 0);
  },
  'texts that are no UTF-8': (random, request) => {
    const input = binaryInput(random, request, 'BYTES');
    const count = input.values.length;
    input.binary = Buffer.concat(Array.from({ length: count }, () => Buffer.from([1, 0, 0, 0, random.between(128, 255)])));
    input.tensor.parameters.binary_data_size = input.binary.length;
  },
  'texts with U+0000': (random, request) => {
    const input = binaryInput(random, request, 'BYTES');
    input.binary = Buffer.concat(input.values.map(() => TYPES.BYTES.bytes('a\u0000b')));
    input.tensor.parameters.binary_data_size = input.binary.length;
  },
  'a boolean of 2': (random, request) => {
    const input = binaryInput(random, request, 'BOOL');
    input.binary.fill(random.between(2, 255));
  },
  'an unknown output': (random, request) => {
    request.json.outputs = [{ name: random.pick(['nope', '__proto__', '']) }];
  },
  'outputs of another kind': (random, request) => {
    request.json.outputs = random.pick([5, 'x', {}, [5], [null], [{}], [{ name: 5 }], [{ name: 'out_fp32', parameters: 5 }]]);
  },
  'a parameter of another kind': (random, request) => {
    request.json.outputs = [
      {
        name: 'out_fp32',
        parameters: random.pick([
          { binary_data: 'yes' },
          { classification: -1 },
          { classification: 'x' },
          { shared_memory_region: 'a' },
        ]),
      },
    ];
  },
  'an id or parameters of another kind': (random, request) => {
    Object.assign(
      request.json,
      random.pick([{ id: 5 }, { id: {} }, { parameters: 5 }, { parameters: [] }, { parameters: { binary_data_output: 1 } }]),
    );
  },
  'JSON of another kind': (random, request) => {
    request.text = random.pick([
      'null',
      '[]',
      '5',
      '"x"',
      '',
      '{}',
      '{"inputs":null}',
      '{"inputs":{}}',
      '{"inputs":[null]}',
      '{"inputs":[[]]}',
      '['.repeat(50_000),
    ]);
  },
  'NaN and Infinity as text': (random, request) => {
    const { tensor } = jsonInput(random, request);
    request.text = JSON.stringify(request.json).replace(
      JSON.stringify(tensor.data),
      `[${tensor.data.map(() => random.pick(['NaN', 'Infinity', '-Infinity'])).join(',')}]`,
    );
  },
  'an unknown model': (random, request) => {
    request.path = random.pick([
      '/v2/models/nope/infer',
      '/v2/models//infer',
      '/v2/models/ech%6f%00/infer',
      '/v2/models/__proto__/infer',
      `/v2/models/${'a'.repeat(2000)}/infer`,
    ]);
  },
  'an unknown version': (random, request) => {
    request.path = `/v2/models/echo/versions/${random.pick(['2', '0', '-1', 'latest', '1e0', '01', '%31%00', '__proto__', '9'.repeat(500)])}/infer`;
  },
  'an unknown path': (random, request) => {
    request.path = random.pick([
      '/v2/models/echo/infer/x',
      '/v2/models/echo/train',
      '/v2/nope',
      '/v2/models/echo/versions/infer',
      '/v2/repository/models/nope/load',
      '/v2/repository/nope',
    ]);
  },
  'another method': (random, request) => {
    request.method = random.pick(['PUT', 'DELETE', 'PATCH']);
  },
  'a compressed body that is none': (random, request) => {
    request.headers['content-encoding'] = random.pick(['gzip', 'deflate', 'br', 'zstd', 'x']);
  },
  'a compressed body that is cut': (random, request) => {
    const { body } = assemble(request);
    request.body = gzipSync(body).subarray(0, random.between(1, 15));
    request.headers['content-encoding'] = 'gzip';
  },
  'bytes of no kind': (random, request) => {
    request.body = Buffer.from(random.bytes(random.between(0, 500)), 'latin1');
    request.headerBytes = random.pick([undefined, '0', String(request.body.length), '3']);
  },
};

/** Changes that may leave a request valid. Nothing but a 5xx is wrong then. */
const UNSURE = {
  'a changed character': (random, request) => {
    const text = JSON.stringify(request.json);
    const at = random.between(0, text.length - 1);
    request.text = text.slice(0, at) + random.pick(['', '"', '{', ']', ',', ':', '0', 'e', '\\u0000', ' ']) + text.slice(at + 1);
  },
  'changed bytes': (random, request) => {
    for (const input of request.inputs)
      for (let at = 0; at < input.binary.length; at += 1)
        if (random.between(0, 9) === 0) input.binary[at] = random.between(0, 255);
  },
  'no values': (_, request) => {
    for (const { tensor } of request.inputs) Object.assign(tensor, { shape: [0, 3], data: [], parameters: undefined });
    for (const input of request.inputs) input.binary = Buffer.alloc(0);
  },
};

function assemble(request) {
  const json = Buffer.from(request.text ?? JSON.stringify(request.json));
  const binary = request.binary();
  const body = request.body ?? Buffer.concat([json, binary]);
  const headerBytes = request.headerBytes ?? (request.body === undefined && binary.length > 0 ? String(json.length) : undefined);
  const length = headerBytes === undefined ? {} : { 'inference-header-content-length': headerBytes };
  return {
    method: request.method,
    path: request.path,
    body,
    headers: { ...request.headers, ...length },
  };
}

/**
 * The case of a seed.
 * @returns `expected`: the values of each input, that must come back; 'refused'; or 'unsure'
 */
export function makeInference(seed) {
  const random = new Draw(seed);
  const request = makeValid(random);
  const dice = random.between(0, 9);
  if (dice < 3) {
    const expected = Object.fromEntries(request.inputs.map(({ tensor, values }) => [`out_${tensor.name}`, values]));
    return { kind: 'a valid request', expected, ...assemble(request) };
  }
  const faults = dice < 9 ? FAULTS : UNSURE;
  const kind = random.pick(Object.keys(faults));
  faults[kind](random, request);
  return {
    kind,
    expected: faults === FAULTS ? 'refused' : 'unsure',
    ...assemble(request),
  };
}
