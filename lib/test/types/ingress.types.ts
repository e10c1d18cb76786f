/** Types of handles of an ingress. This file is only compiled. */
import { type DeploymentHandle, serve } from 'nbserve';
import { type FastifyInstance, ingress } from 'nbserve/ingress';

const Shop = serve.deployment(
  ingress(
    class Shop {
      routes(app: FastifyInstance): void {
        app.get('/', () => 'x');
      }
      price(dish: string): number {
        return dish.length;
      }
    },
  ),
);
/** A method of this name that registers nothing. */
const Roads = serve.deployment(
  class Roads {
    routes(from: string): string[] {
      return [from];
    }
  },
);

export async function offered(shop: DeploymentHandle<typeof Shop>, roads: DeploymentHandle<typeof Roads>): Promise<void> {
  const price: number = await shop.price.remote('tea');
  const routes: string[] = await roads.routes.remote('here');
  void [price, routes];
  // @ts-expect-error: the replica calls it
  shop.routes;
}
