import { serve } from 'nbserve';

export default serve.deployment(
  class Echo {
    #prefix;
    constructor(prefix = '') {
      this.#prefix = prefix;
    }
    async fetch(request) {
      const { input } = await request.json();
      return { result: this.#prefix + input };
    }
    echo(text) {
      return this.#prefix + text;
    }
  },
);
