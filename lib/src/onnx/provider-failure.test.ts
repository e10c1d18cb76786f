import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shorten } from './provider-failure.js';

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
