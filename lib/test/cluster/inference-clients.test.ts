import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { serve } from 'nbserve';
import { onnx } from 'nbserve/onnx';

const fromRoot = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'nbs-inference-'));
let addresses: readonly string[] = [];

before(async () => {
  const file = join(folder, 'mnist.onnx');
  copyFileSync(fromRoot('datasets/mnist/mnist-cnn.onnx'), file);
  await serve.start({ port: 0, grpc: { port: 0, protos: [onnx.inferenceProto] } });
  await onnx.serve(file);
  const { url, grpc } = await serve.status();
  addresses = [new URL(url).host, grpc];
});
after(async () => {
  await serve.shutdown();
  rmSync(folder, { recursive: true });
});

/** What a Python client prints; `null`, and the test is skipped, if its package cannot be installed. */
async function ask(context: { skip(reason: string): void }, script: string): Promise<Record<string, unknown> | null> {
  const { inferenceClients } = (await import(pathToFileURL(fromRoot('ci/inference-clients.mjs')).href)) as {
    inferenceClients: () => string;
  };
  let python: string;
  try {
    python = inferenceClients();
  } catch (error) {
    context.skip(`Python with the clients of Triton and KServe cannot be set up: ${(error as Error).message}`);
    return null;
  }
  const { stdout } = await promisify(execFile)(python, [fromRoot(`lib/test/fixtures/${script}`), ...addresses]);
  return JSON.parse(stdout.trim().split('\n').at(-1) as string) as Record<string, unknown>;
}

test("Triton's clients, over HTTP and gRPC", async (context) => {
  const found = await ask(context, 'triton-client.py');
  if (found === null) return;
  const { http, grpc, counted, stats, ...others } = found;
  const { failures, largest, classes, ...rest } = http as Record<string, unknown[]>;
  const expected = {
    live: true,
    ready: true,
    models: [true, true, false, false],
    states: ['UNAVAILABLE'],
    shape: [2, 10],
    id: 'seven',
  };
  assert.deepEqual(rest, expected);
  assert.deepEqual(classes, largest?.map(String));
  assert.deepEqual(failures, ['404', '404', '400', '404']);
  const { failures: grpcFailures, classes: grpcClasses, largest: grpcLargest, ...grpcRest } = grpc as Record<string, unknown[]>;
  assert.deepEqual(grpcRest, expected);
  assert.deepEqual([grpcClasses, grpcLargest], [classes, largest]);
  assert.deepEqual(
    grpcFailures,
    ['NOT_FOUND', 'NOT_FOUND', 'INVALID_ARGUMENT', 'NOT_FOUND'].map((name) => `StatusCode.${name}`),
  );
  assert.ok(Number(counted) > 0 && Number(stats) > 0);
  assert.deepEqual(others, {
    compressed: true,
    same: true,
    batch: 32,
    metadata: {
      name: 'mnist',
      versions: ['1'],
      platform: 'onnxruntime_onnx',
      inputs: [{ name: 'image', datatype: 'FP32', shape: [-1, 1, 28, 28] }],
      outputs: [{ name: 'logits', datatype: 'FP32', shape: [-1, 10] }],
      properties: {
        'onnx.producer': 'nbserve',
        'onnx.graph': 'mnist-cnn',
        'onnx.opsets': 'ai.onnx 17',
        licence: 'MIT, Copyright (c) 2026 Shivam Gupta',
        source: 'PyPI digit-recognizer-py 0.1.0',
      },
    },
    config: { name: 'image', data_type: 'TYPE_FP32', dims: ['1', '28', '28'] },
    stream: [[2, 10]],
  });
});

test("KServe's clients, over HTTP and gRPC", async (context) => {
  const found = await ask(context, 'kserve-client.py');
  if (found === null) return;
  const both = [
    [2, 10],
    [2, 10],
  ];
  assert.deepEqual(found, { live: true, ready: true, model: true, shapes: both, grpc: [true, true, true], grpcShapes: both });
});
