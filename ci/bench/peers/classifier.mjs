import { InferenceSession, Tensor } from 'onnxruntime-node';

/** Makes a function that classifies a digit with an ONNX model on one thread: 784 grey values give 0 … 9. */
export async function classifier(model) {
  const session = await InferenceSession.create(model, { intraOpNumThreads: 1 });
  const [input] = session.inputNames;
  const [output] = session.outputNames;
  return async (image) => {
    const results = await session.run({ [input]: new Tensor('float32', Float32Array.from(image), [1, 1, 28, 28]) });
    const { data } = results[output];
    let digit = 0;
    for (let at = 1; at < data.length; at += 1) if (data[at] > data[digit]) digit = at;
    return digit;
  };
}
