import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseDevice, refuseLast } from './choose-device.js';
import type { DeviceFacts } from './device-facts.js';
import { NotBeside } from './errors.js';
import { encodeModel } from './model-file.js';
import { parseLoadOptions } from './options.js';

const info = (name: string) => ({ name, type: 'float16', shape: ['n', 2] }) as const;
const model = encodeModel({
  name: 'm',
  inputs: [info('x')],
  outputs: [info('y')],
  nodes: [{ op: 'Neg', inputs: ['x'], outputs: ['y'] }],
  weights: {},
});
/** The same model with bfloat16, number 16, for the float16, number 10, of one value. */
function withBfloat16(name: string): Uint8Array {
  const bytes = Buffer.from(model);
  const at = bytes.lastIndexOf(Buffer.from([0x0a, 1, name.charCodeAt(0), 0x12]));
  bytes[bytes.indexOf(Buffer.from([0x08, 10]), at) + 1] = 16;
  return bytes;
}
const refuse = (reason: string, device: 'cpu' | 'cuda', source: Uint8Array = model): void =>
  refuseLast(new Error(reason), reason, device, source, 'm.onnx', 'm');

test('no memory on the device that was asked for has its code', () => {
  for (const device of ['cpu', 'cuda'] as const)
    assert.throws(() => refuse('CUDA failure 2: out of memory', device), {
      code: 'NBS_ONNX_OUT_OF_MEMORY',
      message: new RegExp(device),
    });
  refuse('no such device', 'cuda');
  assert.throws(() => refuse('something', 'cpu'), { code: 'NBS_ONNX_LOAD_FAILED' });
});

test('an element type that the binding does not know is named with its input or output', () => {
  const reason = 'Unsupported data type: 16';
  assert.throws(() => refuse(reason, 'cpu', withBfloat16('x')), {
    code: 'NBS_ONNX_UNSUPPORTED_INPUT',
    message: /cannot be given here: x: bfloat16\[n, 2\];/,
  });
  assert.throws(() => refuse(reason, 'cuda', withBfloat16('y')), {
    code: 'NBS_ONNX_UNSUPPORTED_TYPE',
    message: /cannot be read here: y: bfloat16\[n, 2\];/,
  });
  // In ONNX Runtime's own format, nobody knows which one it is.
  assert.throws(() => refuse(reason, 'cpu', Uint8Array.of(0xff, 0xff)), { code: 'NBS_ONNX_LOAD_FAILED' });
});

test('a model that cannot be run beside the loop says so, whether its device was asked for or not', async () => {
  const facts: DeviceFacts = {
    platform: 'linux',
    backends: ['cpu'],
    missingCudaFiles: [],
    nvidiaGpus: null,
    hasGraphics: false,
    softwareGraphics: false,
    visibleGpus: null,
    hidesGpus: false,
  };
  const one = (name: string) => ({ name, type: 'float32', shape: ['n', 2] }) as const;
  const nodes = [{ op: 'Neg', inputs: ['x'], outputs: ['y'] }];
  const source = encodeModel({ name: 'm', inputs: [one('x')], outputs: [one('y')], nodes, weights: {} });
  for (const device of ['auto', 'cpu'] as const) {
    const values = { ...parseLoadOptions({ device, runIn: 'loop' }), name: 'm' };
    const check = () => Promise.reject(NotBeside({ source: 'm', reason: 'koffi is not there' }));
    await assert.rejects(chooseDevice(source, 'm', values, facts, check), { code: 'NBS_ONNX_NOT_BESIDE' });
  }
});
