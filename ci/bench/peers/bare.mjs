// The peer of the request path: the same answers from one process, Fastify and nothing else.
// `node bare.mjs [--model model.onnx] [--threshold 128]` prints its URL.
import { parseArgs } from 'node:util';
import { fastify } from 'fastify';

const { values } = parseArgs({ options: { model: { type: 'string' }, threshold: { type: 'string' } } });
const app = fastify();
app.post('/', async (request) => ({ result: request.body.input }));

if (values.model !== undefined) {
  const { InferenceSession, Tensor } = await import('onnxruntime-node');
  const session = await InferenceSession.create(values.model, { intraOpNumThreads: 1 });
  const [input] = session.inputNames;
  const [output] = session.outputNames;
  app.post('/mnist', async (request) => {
    const results = await session.run({ [input]: new Tensor('float32', Float32Array.from(request.body.image), [1, 1, 28, 28]) });
    const { data } = results[output];
    let digit = 0;
    for (let at = 1; at < data.length; at += 1) if (data[at] > data[digit]) digit = at;
    return { digit };
  });
}
if (values.threshold !== undefined) {
  const { default: sharp } = await import('sharp');
  app.addContentTypeParser('image/jpeg', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.post('/threshold', async (request, reply) => {
    const image = await sharp(request.body).threshold(Number(values.threshold), { greyscale: false }).jpeg().toBuffer();
    return reply.type('image/jpeg').send(image);
  });
}
console.log(await app.listen({ host: '127.0.0.1', port: 0 }));
