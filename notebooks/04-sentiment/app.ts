// The sentiment classifier as an application of its own:
// npx nbserve run 04-sentiment/app.ts:app
import { serve } from 'nbserve';
import { datasetPath } from 'nbserve/data';
import { type FastifyInstance, ingress } from 'nbserve/ingress';
import { loadEncoderModel } from 'nbserve/text';

type Input = { Querystring: { input_text: string } };

class Classifier {
  private readonly model = loadEncoderModel(datasetPath('sentiment-minilm'));

  routes(app: FastifyInstance) {
    app.get('/test', async () => 'Sentiment Classifier (0 -> Negative and 1 -> Positive)');
    app.get('/healthcheck', async () => 'dummy check! Classifier is all ready to go!');

    const querystring = {
      type: 'object',
      // A blank text would be an error for the whole batch.
      properties: { input_text: { type: 'string', minLength: 2, pattern: '\\S' } },
      required: ['input_text'],
    } as const;
    const schema = { querystring };
    app.post<Input>('/classify', { schema }, async (request) => {
      const [{ label, score }] = await this.predict([request.query.input_text]);
      return { label: label === 'POSITIVE' ? 1 : 0, score };
    });
  }

  @serve.batch({ maxBatchSize: 16, batchWaitTimeout: '5ms' })
  async predict(texts: string[]) {
    return (await this.model).classify(texts);
  }
}

export const app = serve.deployment(ingress(Classifier)).bind();
