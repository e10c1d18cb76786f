import { serve } from 'nbserve';
import { onnx } from 'nbserve/onnx';

// With more than 8, a picture does not take less time. With a batch of all 32 connections, the model would be idle until they have come again.
/** @type {import('nbserve').BatchOptions} */
const BATCH = { maxBatchSize: 8, batchWaitTimeout: '1ms' };
const initializers = [];

class Mnist {
  #model;
  constructor(path) {
    for (const initialize of initializers) initialize.call(this);
    this.#model = onnx.load(path, { device: 'cpu', intraOpThreads: 1 });
  }
  async fetch(request) {
    const { image } = await request.json();
    const [digit] = await this.classify([image]);
    return { digit };
  }
  async classify(images) {
    const model = await this.#model;
    const pixels = new Float32Array(images.length * 784);
    for (let at = 0; at < images.length; at += 1) pixels.set(images[at], at * 784);
    const [scores] = Object.values(await model.run(onnx.tensor('float32', pixels, [images.length, 1, 28, 28])));
    return /** @type {any} */ (onnx.argmax(scores));
  }
}
// The compiled form of `@serve.batch(BATCH)`: Node cannot run decorators yet, and this file is not compiled.
const context = /** @type {ClassMethodDecoratorContext<any, any>} */ (
  /** @type {unknown} */ ({ name: 'classify', addInitializer: (initialize) => initializers.push(initialize) })
);
Mnist.prototype.classify = serve.batch(BATCH)(Mnist.prototype.classify, context);

export default serve.deployment(Mnist);
