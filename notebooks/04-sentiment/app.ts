// The sentiment classifier as an application of its own: npx nbserve run 04-sentiment/app.ts:app
import { serve } from 'nbserve';
import { datasetPath } from 'nbserve/data';
import { type FastifyInstance, ingress } from 'nbserve/ingress';
import { loadEncoderModel } from 'nbserve/text';

class Classifier {
  private readonly model = loadEncoderModel(datasetPath('sentiment-minilm'));

  routes(app: FastifyInstance) {
    app.get('/healthcheck', async () => 'the classifier is ready');

    const querystring = {
      type: 'object',
      properties: { input_text: { type: 'string', minLength: 2 } },
      required: ['input_text'],
    } as const;
    app.post<{ Querystring: { input_text: string } }>('/classify', { schema: { querystring } }, async (request) => {
      const [answer] = await (await this.model).classify([request.query.input_text]);
      return answer;
    });
  }
}

export const app = serve.deployment(ingress(Classifier)).bind();
