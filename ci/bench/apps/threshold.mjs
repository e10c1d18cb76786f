import { serve } from 'nbserve';
import sharp from 'sharp';

/** Answers a JPEG with the same picture in which each colour is either full or none. */
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
