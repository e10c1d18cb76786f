// The peer of the request path: the same answers from one process, Fastify and nothing else. `node bare.mjs [model.onnx]` prints its URL.
import { fastify } from 'fastify';

const app = fastify();
app.post('/', async (request) => ({ result: request.body.input }));

const [, , model] = process.argv;
if (model !== undefined) {
  const { InferenceSession, Tensor } = await import('onnxruntime-node');
  const session = await InferenceSession.create(model, { intraOpNumThreads: 1 });
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
console.log(await app.listen({ host: '127.0.0.1', port: 0 }));
