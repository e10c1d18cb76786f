/** Compiled, never run: the types of graphs. */
import { type DeploymentHandle, type GraphNode, serve } from 'nbserve';

const unpack = serve.deployment(async (request) => new Uint8Array(await request.arrayBuffer()), { name: 'unpack' });
const sharpen = serve.deployment((image: Uint8Array, factor: number) => image.map((byte) => byte * factor), { name: 'sharpen' });
const Segmenter = serve.deployment(
  class Segmenter {
    constructor(readonly model: string) {}
    async segment(image: Uint8Array) {
      return [image.length];
    }
    async *parts(image: Uint8Array) {
      yield image;
    }
    all(parts: { list: readonly number[][]; name?: string }) {
      return parts.list.length;
    }
    fetch() {
      return 'hello';
    }
  },
);

export async function typed(): Promise<void> {
  const segmenter = Segmenter.bind('m');
  const node: GraphNode<number[]> = segmenter.segment.bind(new Uint8Array(1));
  const graph = serve.graph((input) => segmenter.segment.bind(sharpen.bind(unpack.bind(input), 2)));
  const app = await serve.run(graph);
  const answer: Promise<number[]> = app.remote({} as Parameters<typeof app.remote>[0]);
  const sizes = await answer;
  const counted = serve.graph((image: GraphNode<Uint8Array>) =>
    segmenter.all.bind({ list: [segmenter.segment.bind(image), sizes], name: 'n' }),
  );
  const count: number = await (await serve.run(counted)).remote(new Uint8Array(1));
  segmenter.all.bind({ list: [node, [count]] });
  const plain: DeploymentHandle<typeof Segmenter> = await serve.run(segmenter);
  await plain.segment.remote(new Uint8Array(1));

  // @ts-expect-error: it has no such method
  segmenter.segmnt.bind(node);
  // @ts-expect-error: segment takes bytes, and the node gives numbers
  segmenter.segment.bind(segmenter.segment.bind(new Uint8Array(1)));
  // @ts-expect-error: the factor is missing
  sharpen.bind(unpack.bind());
  // @ts-expect-error: the list holds lists of numbers
  segmenter.all.bind({ list: [unpack.bind(new Request('http://x'))] });
  // @ts-expect-error: a stream is no value of a node
  segmenter.parts.bind(new Uint8Array(1));
  // @ts-expect-error: fetch is for HTTP, not for nodes
  segmenter.fetch.bind();
  // @ts-expect-error: the function returns a node
  serve.graph((_: GraphNode<number>) => 3);
  // @ts-expect-error: the input of this graph is bytes
  (await serve.run(counted)).remote('text');
}
