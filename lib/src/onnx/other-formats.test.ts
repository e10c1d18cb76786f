import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { encodeModel } from './model-file.js';
import { refuseOtherFormats, refuseOtherWeights } from './other-formats.js';

const OTHERS: readonly (readonly [string | number[], RegExp])[] = [
  ['', /it is empty/],
  ['version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 9\n', /pointer of Git LFS.*git lfs pull/],
  ['<!DOCTYPE html><html>', /a web page/],
  ['\n <html lang="en">', /a web page/],
  ['<?xml version="1.0"?><Error><Code>AccessDenied</Code>', /a web page/],
  ['\xef\xbb\xbf<!doctype html>', /a web page/],
  ['<!-- made by a proxy -->\n<html>', /a web page/],
  ['{"error":"Repository not found"}', /it is JSON/],
  ['Entry not found', /plain text/],
  ['404: Not Found\r\n', /plain text/],
  [[...Buffer.from('Kein Zugriff für dich')], /plain text/],
  [[0x1f, 0x8b, 8, 0], /gzip/],
  ['PK\x03\x04abc', /PyTorch/],
  ['GGUF\x03\0\0\0', /GGUF/],
  [[0x89, 0x48, 0x44, 0x46, 13], /Keras/],
  [[0x1c, 0, 0, 0, ...Buffer.from('TFL3')], /TensorFlow Lite/],
  [[0x80, 2, 0x8a], /pickle/],
  [[0x40, 0, 0, 0, 0, 0, 0, 0, ...Buffer.from('{"a":1}')], /safetensors/],
];

test('files of other formats are refused with what helps, as files and as bytes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nbs-formats-'));
  try {
    for (const [content, reason] of OTHERS) {
      const bytes = Buffer.from(content as string, 'latin1');
      const file = join(folder, 'model.onnx');
      writeFileSync(file, bytes);
      for (const source of [bytes, file])
        assert.throws(() => refuseOtherFormats(source, 'the source'), { code: 'NBS_ONNX_INVALID_MODEL', message: reason });
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('models are not refused, whatever their name', () => {
  for (const name of ['', '{"', 'GGUF', '<html>', 'x'.repeat(300)]) {
    const bytes = encodeModel({
      name,
      inputs: [{ name: 'x', type: 'float32', shape: [1] }],
      outputs: [{ name: 'y', type: 'float32', shape: [1] }],
      nodes: [{ op: 'Abs', inputs: ['x'], outputs: ['y'] }],
      weights: {},
    });
    refuseOtherFormats(bytes, 'a model');
  }
});

test('a file of weights that is a pointer of Git LFS or a web page is refused; other bytes are weights', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nbs-formats-'));
  const file = join(folder, 'model.onnx_data');
  try {
    for (const [content, reason] of [
      ['version https://git-lfs.github.com/spec/v1\noid', /model\.onnx_data: it is a pointer of Git LFS/],
      ['<!doctype html>', /model\.onnx_data: it is a web page/],
    ] as const) {
      writeFileSync(file, content);
      assert.throws(() => refuseOtherWeights([file], 'm.onnx'), { code: 'NBS_ONNX_INVALID_MODEL', message: reason });
    }
    for (const content of ['', '{"a":1}', 'PK\x03\x04', '\0\0\0\0']) {
      writeFileSync(file, content);
      refuseOtherWeights([file], 'm.onnx');
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
