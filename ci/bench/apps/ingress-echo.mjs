import { serve } from 'nbserve';
import { ingress } from 'nbserve/ingress';

export default serve.deployment(
  ingress(
    class Echo {
      routes(app) {
        app.post('/', async (request) => ({ result: request.body.input }));
      }
    },
  ),
);
