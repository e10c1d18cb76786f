import assert from 'node:assert/strict';
import { test } from 'node:test';
import { remedyOf, shorten } from './provider-failure.js';

test('what native code writes to stderr becomes one line without colours, times and places', () => {
  const colour = (text: string) => `\u001b[1;31m${text}\u001b[m\n`;
  assert.equal(
    shorten(
      colour(
        '2026-11-29 01:07:57.227543490 [E:onnxruntime:onnxruntime-node, provider_bridge_ort.cc:2146 Create] /src/core/session/provider_bridge_ort.cc:1988 onnxruntime::Provider& onnxruntime::ProviderLibrary::Get() [ONNXRuntimeError] : 1 : FAIL : Failed to load library libcudnn.so.9 with error: cannot open shared object file',
      ),
    ),
    'Failed to load library libcudnn.so.9 with error: cannot open shared object file',
  );
  assert.equal(
    shorten("Warning: Couldn't load Vulkan: libvulkan.so.1: cannot open\n    at operator() (/build/dawn/BackendVk.cpp:368)\n\n"),
    "Warning: Couldn't load Vulkan: libvulkan.so.1: cannot open",
  );
  assert.equal(shorten(''), '');
});

test('if a library of CUDA is not found, the command that helps is named', () => {
  const native =
    'Failed to load library libonnxruntime_providers_cuda.so with error: libcublasLt.so.13: cannot open shared object file';
  assert.match(remedyOf('cuda', native), /npx nbserve setup cuda .*LD_LIBRARY_PATH/);
  assert.equal(remedyOf('cuda', 'CUDA driver version is insufficient'), '');
  assert.equal(remedyOf('webgpu', native), '');
});
