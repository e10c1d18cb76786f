import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainWords } from './runtime-words.js';

const SOURCE = '/onnxruntime_src/onnxruntime/core';

test("ONNX Runtime's messages are told without its source", () => {
  const known: readonly (readonly [string, string])[] = [
    [
      "Non-zero status code returned while running Gather node. Name:'Gather_0' Status Message: indices element out of data bounds, idx=9",
      'in the node Gather_0 (Gather): indices element out of data bounds, idx=9',
    ],
    [
      `Non-zero status code returned while running Reshape node. Name:'r' Status Message: ${SOURCE}/providers/cpu/tensor/reshape_helper.h:91 onnxruntime::ReshapeHelper::ReshapeHelper(const onnxruntime::TensorShape&, onnxruntime::TensorShapeVector&, bool) input_shape_size == requested_shape_size was false. The input tensor cannot be reshaped. Input shape:{3}\n`,
      'in the node r (Reshape): The input tensor cannot be reshaped. Input shape:{3}',
    ],
    [
      `Exception during initialization: ${SOURCE}/providers/cpu/rnn/rnn.h:48 onnxruntime::RNN<T>::RNN(const onnxruntime::OpKernelInfo&) [with T = float] layout_ == 0 was false. Batchwise operations are not supported.`,
      'Exception during initialization: Batchwise operations are not supported.',
    ],
    [
      `Exception during initialization: ${SOURCE}/providers/cpu/text/string_normalizer.cc:235 onnxruntime::StringNormalizer::Locale::Locale(const std::string&)::<lambda()> Failed to construct locale`,
      'Exception during initialization: Failed to construct locale',
    ],
    [
      `${SOURCE}/framework/tensor_type_and_shape.cc:402 OrtStatus* OrtApis::GetTensorTypeAndShape(const OrtValue*, OrtTensorTypeAndShapeInfo**) Argument is not a tensor\n`,
      'Argument is not a tensor',
    ],
    [
      `Load model from /tmp/e.onnx failed:${SOURCE}/graph/model.cc:187 onnxruntime::Model::Model(onnx::ModelProto&&, const onnxruntime::PathString&) ModelProto does not have a graph.`,
      'ModelProto does not have a graph.',
    ],
    [
      'Load model from /tmp/a b.onnx failed:Protobuf parsing failed.',
      'its bytes are not those of a whole model; the file may be cut, or be something else',
    ],
    [`in Mul: ${SOURCE}/x.cc:1 void onnxruntime::f(int) (a) was false. `, 'in Mul: a check in ONNX Runtime failed'],
    [
      "Non-zero status code returned while running Expand node. Name:'e' Status Message: [ONNXRuntimeError] : 1 : FAIL : tensor.cc:57 CalculateTensorStorageSize Tensor shape.Size() must be >= 0",
      'in the node e (Expand): Tensor shape.Size() must be >= 0',
    ],
    [
      "Could not find an implementation for Add(6) node with name ''",
      "Could not find an implementation for Add(6) node with name ''",
    ],
  ];
  for (const [given, expected] of known) assert.equal(plainWords(given), expected);
});
