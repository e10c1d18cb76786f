/** Compiled, never run: the public API's types, from the class in the cell to the handle. */
import { type DeploymentHandle, serve } from 'nbserve';

const Preprocess = serve.deployment(
  class Preprocess {
    run(batch: { image: number[][] }) {
      return { count: batch.image.length };
    }
  },
);

const Model = serve.deployment(
  class Model {
    constructor(readonly path: string) {}
    async predict(input: { count: number }) {
      return [input.count];
    }
    async *tokens(n: number) {
      for (let i = 0; i < n; i += 1) yield `token ${i}`;
    }
  },
);

const Front = serve.deployment(
  class Front {
    constructor(private readonly parts: { pre: DeploymentHandle<typeof Preprocess>; model: DeploymentHandle<typeof Model> }) {}
    async fetch(request: Request) {
      const batch = this.parts.pre.run.remote({ image: [[Number(request.query.n)]] });
      return this.parts.model.predict.remote(batch);
    }
    double(n: number) {
      return n * 2;
    }
  },
);

export async function typed(): Promise<void> {
  const front = await serve.run(Front.bind({ pre: Preprocess.bind(), model: Model.options({ numReplicas: 2 }).bind('m.onnx') }));
  const doubled: number = await front.double.remote(3);
  // @ts-expect-error: double takes a number
  front.double.remote('x');
  // @ts-expect-error: fetch is for HTTP, not for handles
  front.fetch.remote(new Request('http://x'));
  // @ts-expect-error: pre wants a Preprocess
  Front.bind({ pre: Model.bind('x'), model: Model.bind('x') });
  // @ts-expect-error: the path is a text
  Model.bind(3);

  Model.options({ autoscaling: { maxReplicas: 2, policy: ({ suggestedReplicas, now }) => (now > 0 ? suggestedReplicas : 1) } });
  Model.options({ autoscaling: { policy: async (metrics) => metrics.ongoingRequests } });
  // @ts-expect-error: a policy answers with a number
  Model.options({ autoscaling: { policy: () => 'many' } });

  const hello = serve.deployment(async (request) => `Hello ${request.query.name}`, { name: 'hello' });
  await hello.deploy();
  const add = await serve.run(serve.deployment((a: number, b: number) => a + b, { name: 'add' }).bind());
  const sum: number = await add.remote(doubled, 2);
  await functions({} as Request);

  const model = await serve.getAppHandle<typeof Model>('model');
  for await (const token of model.tokens.remote(sum)) token satisfies string;
}

/** A handle takes what the function takes, also if a request would fit it. */
async function functions(request: Request): Promise<void> {
  const greet = await serve.deployment(() => 'hello', { name: 'greet' }).deploy();
  (await greet.remote()) satisfies string;
  // @ts-expect-error: it takes nothing
  greet.remote(3);
  // biome-ignore lint/suspicious/noExplicitAny: a function may have such a parameter
  const echo = await serve.deployment((value: any) => String(value), { name: 'echo' }).deploy();
  (await echo.remote(3)) satisfies string;
  const keys = await serve.deployment((value: object) => Object.keys(value), { name: 'keys' }).deploy();
  (await keys.remote({ a: 1 })) satisfies string[];
  const sized = await serve.deployment(({ method = 'none' }: { method?: string }) => method.length, { name: 'sized' }).deploy();
  (await sized.remote({})) satisfies number;
  const same = await serve.deployment(<T>(value: T) => value, { name: 'same' }).deploy();
  (await same.remote(3)) satisfies unknown;
  const counted = await serve
    .deployment(async function* (to: number | undefined = 3) {
      for (let i = 0; i < to; i += 1) yield i;
    })
    .deploy();
  for await (const item of counted.remote()) item satisfies number;
  const asked = await serve
    .deployment((request: Request, limit?: number) => request.url.slice(limit), { name: 'asked' })
    .deploy();
  (await asked.remote(request, 3)) satisfies string;
  const hello = await serve.deployment((request) => request.query.name ?? '', { name: 'hello' }).deploy();
  // @ts-expect-error: its parameter is a request
  hello.remote(3);
}
