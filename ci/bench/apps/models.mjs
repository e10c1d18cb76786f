import { serve } from 'nbserve';
import { onnx } from 'nbserve/onnx';

/** A replica with one model, or with none. */
export default serve.deployment(
  class Models {
    #model;
    constructor(path, options) {
      this.#model = path === null ? null : onnx.load(path, { device: 'cpu', intraOpThreads: 1, ...options });
    }
    async run(tensor) {
      return (await this.#model).run(tensor);
    }
    /** Runs the model again and again, until `ms` have passed. */
    async work(tensor, ms) {
      const end = performance.now() + ms;
      const model = await this.#model;
      while (performance.now() < end) await model.run(tensor);
    }
    ping() {
      return 1;
    }
  },
);
