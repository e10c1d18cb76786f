// The peer of the request path: one process that gives the same answers, with Fastify and nothing else.
// `node bare.mjs [--model model.onnx [--apart socket]] [--threshold 128]` prints its URL. `--apart`: the model runs in a second process.
import { parseArgs } from 'node:util';
import { fastify } from 'fastify';

const { values } = parseArgs({
  options: { model: { type: 'string' }, apart: { type: 'string' }, threshold: { type: 'string' } },
});
const app = fastify();
app.post('/', async (request) => ({ result: /** @type {{ input: unknown }} */ (request.body).input }));

if (values.model !== undefined && values.apart !== undefined) {
  const { startApart } = await import('./apart.mjs');
  const ask = await startApart(values.model, values.apart);
  app.register(async (scope) => {
    scope.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    scope.post('/mnist', async (request, reply) => reply.type('application/json').send(await ask(request.body)));
  });
} else if (values.model !== undefined) {
  const { classifier } = await import('./classifier.mjs');
  const classify = await classifier(values.model);
  app.post('/mnist', async (request) => ({ digit: await classify(/** @type {{ image: number[] }} */ (request.body).image) }));
}
if (values.threshold !== undefined) {
  const { default: sharp } = await import('sharp');
  app.addContentTypeParser('image/jpeg', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.post('/threshold', async (request, reply) => {
    const image = await sharp(/** @type {Buffer} */ (request.body))
      .threshold(Number(values.threshold), { greyscale: false })
      .jpeg()
      .toBuffer();
    return reply.type('image/jpeg').send(image);
  });
}
console.log(await app.listen({ host: '127.0.0.1', port: 0 }));
