/** Compiled, never run: which responses a call accepts as its arguments. */
import { type DeploymentHandle, type DeploymentResponse, serve } from 'nbserve';

const Maker = serve.deployment(
  class Maker {
    async bytes(length: number) {
      return new Uint8Array(length);
    }
    label() {
      return 'cat' as 'cat' | 'dog';
    }
    async *stream() {
      yield 1;
    }
  },
);

const Taker = serve.deployment(
  class Taker {
    sum(value: Uint8Array, more?: number) {
      return value.length + (more ?? 0);
    }
    all(parts: { list: readonly Uint8Array[]; label?: string }) {
      return parts.list.length;
    }
    when(date: Date) {
      return date.getTime();
    }
  },
);

export async function passed(maker: DeploymentHandle<typeof Maker>, taker: DeploymentHandle<typeof Taker>): Promise<void> {
  const bytes: DeploymentResponse<Uint8Array> = maker.bytes.remote(3);
  const sum: number = await taker.sum.remote(bytes, taker.sum.remote(bytes));
  const count: number = await taker.all.remote({ list: [bytes, new Uint8Array(sum)], label: maker.label.remote() });
  await taker.all.remote({ list: [maker.bytes.remote(count)] });
  // @ts-expect-error: label gives a text, and sum takes bytes
  taker.sum.remote(maker.label.remote());
  // @ts-expect-error: the second argument is a number
  taker.sum.remote(bytes, bytes);
  // @ts-expect-error: a stream is no value
  taker.sum.remote(maker.stream.remote());
  // @ts-expect-error: the list holds bytes, not texts
  taker.all.remote({ list: [maker.label.remote()] });
  // @ts-expect-error: a promise of another kind cannot be sent
  taker.sum.remote(Promise.resolve(new Uint8Array(1)));
  // @ts-expect-error: a date is made of no responses
  taker.when.remote({ getTime: maker.bytes.remote(1) });
}
