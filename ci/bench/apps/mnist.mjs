import { serve } from 'nbserve';
import { onnx } from 'nbserve/onnx';

export default serve.deployment(
  class Mnist {
    #model;
    constructor(path) {
      this.#model = onnx.load(path, { device: 'cpu', intraOpThreads: 1 });
    }
    async fetch(request) {
      const { image } = await request.json();
      const model = await this.#model;
      const [scores] = Object.values(await model.run(onnx.tensor('float32', Float32Array.from(image), [1, 1, 28, 28])));
      return { digit: onnx.argmax(scores)[0] };
    }
  },
);
