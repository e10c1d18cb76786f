import { serve } from 'nbserve';

export default serve.deployment(
  class GrpcEcho {
    say({ text }) {
      return { text };
    }
  },
);
