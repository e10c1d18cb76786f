import websocket from '@fastify/websocket';
import { serve } from 'nbserve';
import { ingress } from 'nbserve/ingress';

export default serve.deployment(
  ingress(
    class Streams {
      #clients = new Set();
      #sent = 0;

      async routes(app) {
        await app.register(websocket);
        app.get('/events', (request, reply) => {
          reply.hijack();
          reply.raw.writeHead(200, { 'content-type': 'text/event-stream' });
          reply.raw.write('data: open\n\n');
          this.#clients.add(reply.raw);
          request.raw.once('close', () => this.#clients.delete(reply.raw));
        });
        app.get('/echo', { websocket: true }, (socket) => socket.on('message', (message) => socket.send(message)));
      }

      /** Sends an event to each client; resolves with their number. */
      tell() {
        this.#sent += 1;
        for (const client of this.#clients) client.write(`data: ${this.#sent}\n\n`);
        return this.#clients.size;
      }
    },
  ),
  { maxOngoingRequests: 100_000 },
);
