// The application of the replay: it waits for as long as the request says.
import { setTimeout as delay } from 'node:timers/promises';
import { serve } from 'nbserve';

export default serve.deployment(
  class Sleeper {
    async fetch(request) {
      await delay(Number(await request.text()));
      return 'done';
    }
  },
);
