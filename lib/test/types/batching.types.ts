/** Compiled, never run: the types of `serve.batch` and `serve.multiplexed`. */
import { serve } from 'nbserve';

interface Model {
  readonly id: string;
}

const Labels = serve.deployment(
  class Labels {
    @serve.batch({ maxBatchSize: 32, batchWaitTimeout: '10ms' })
    async predict(images: readonly Uint8Array[]): Promise<string[]> {
      // A failure and an end are allowed beside results of any type.
      return images.map((image) => (image.length === 0 ? serve.batch.error(new TypeError('empty')) : String(image[0])));
    }

    @serve.batch()
    async *tokens(prompts: string[]): AsyncGenerator<(string | undefined)[]> {
      yield prompts.map((prompt) => (prompt === '' ? serve.batch.end : prompt));
    }

    @serve.batch({ maxConcurrentBatches: 2 })
    private async hidden(items: number[]): Promise<(number | Error)[]> {
      return items;
    }

    @serve.multiplexed({ maxNumModelsPerReplica: 2 })
    async getModel(id: string): Promise<Model> {
      return { id };
    }

    reconfigure(sizes: { maxBatchSize: number }) {
      serve.batch.configure(this, 'predict', sizes);
      serve.batch.configure(this, 'hidden', sizes);
    }

    async fetch(request: Request) {
      const [label] = await this.predict([new Uint8Array(await request.arrayBuffer())]);
      label satisfies string | undefined;
      const model: Model = await this.getModel(serve.getMultiplexedModelId());
      return { label, id: model.id, hidden: await this.hidden([1]) };
    }
  },
);

export async function typed(): Promise<void> {
  const labels = await serve.run(Labels.bind());
  const [label] = await labels.predict.remote([new Uint8Array(1)]);
  label satisfies string | undefined;
  for await (const [token] of labels.tokens.remote(['a'])) token satisfies string | undefined;
  // @ts-expect-error: a batched method takes a list
  labels.predict.remote(new Uint8Array(1));
  await labels.options({ multiplexedModelId: 'a' }).getModel.remote('b');
  // @ts-expect-error: no such option
  serve.batch({ size: 3 });
}

export class Wrong {
  // @ts-expect-error: it takes no list
  @serve.batch()
  async single(item: number): Promise<number[]> {
    return [item];
  }

  // @ts-expect-error: it is not asynchronous
  @serve.batch()
  sync(items: number[]): number[] {
    return items;
  }

  // @ts-expect-error: an id is a text
  @serve.multiplexed()
  async load(id: number): Promise<Model> {
    return { id: String(id) };
  }
}
