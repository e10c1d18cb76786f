import { serve } from 'nbserve';
import sharp from 'sharp';

/** A JPEG in; the same picture with each colour either full or none, as JPEG out. */
export default serve.deployment(
  class Threshold {
    #threshold;
    constructor(threshold) {
      this.#threshold = threshold;
    }
    async fetch(request) {
      const image = await sharp(await request.bytes())
        .threshold(this.#threshold, { greyscale: false })
        .jpeg()
        .toBuffer();
      return new Response(image, { headers: { 'content-type': 'image/jpeg' } });
    }
  },
);
