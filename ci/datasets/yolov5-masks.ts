import type { GraphBuilder } from './graph-builder.js';

/** A box with a lower score is left out. */
const SCORE = 0.25;
/** If two boxes overlap more than this, only the better one stays. */
const OVERLAP = 0.45;
const MOST_BOXES = 50;
const MASKS = 32;

interface Raw {
  /** [1, anchors, 4 + 1 + classes + 32]: centre, size, score, scores of the classes, coefficients of the masks. */
  readonly predictions: string;
  /** [1, 32, size ÷ 4, size ÷ 4]. */
  readonly prototypes: string;
  /** Width and height of the network's input in pixels. */
  readonly size: number;
  readonly classes: number;
}

/** Adds nodes that choose the best boxes, draw their masks, and put the masks into one map of logits for each class, with the background as class 0. */
export function maskLogits(graph: GraphBuilder, { predictions, prototypes, size, classes }: Raw) {
  const side = size / 4;
  const pixels = side * side;
  const split = graph.integers(2, 2, 1, classes, MASKS);
  const parts = graph.ops('Split', [predictions, split], 5, { axis: 2 });
  const [xy, wh, objectness, classScores, coefficients] = parts as [string, string, string, string, string];
  const half = graph.op('Mul', [wh, graph.float(0.5)]);
  const boxes = graph.op('Concat', [graph.op('Sub', [xy, half]), graph.op('Add', [xy, half])], { axis: 2 });
  const scores = graph.op('Mul', [classScores, objectness]);
  const highest = graph.op('ReduceMax', [scores, graph.integers(2)], { keepdims: 1 });
  const chosen = graph.op('NonMaxSuppression', [
    boxes,
    graph.op('Transpose', [highest], { perm: [0, 2, 1] }),
    graph.integers(MOST_BOXES),
    graph.weight('overlap', [1], Float32Array.of(OVERLAP)),
    graph.weight('score', [1], Float32Array.of(SCORE)),
  ]);
  // A row of NonMaxSuppression is picture, class, box.
  const index = graph.op('Squeeze', [graph.op('Gather', [chosen, graph.integers(2)], { axis: 1 }), graph.integers(1)]);
  const rows = (value: string) => graph.op('Squeeze', [graph.op('Gather', [value, index], { axis: 1 }), graph.integers(0)]);
  const [box, score] = [rows(boxes), rows(scores)];
  const best = graph.op('ReduceMax', [score, graph.integers(1)], { keepdims: 1 });
  const kind = graph.op('ArgMax', [score], { axis: 1, keepdims: 1 });

  const flat = graph.op('Reshape', [prototypes, graph.integers(MASKS, pixels)]);
  const mask = graph.op('Sigmoid', [graph.op('MatMul', [rows(coefficients), flat])]);
  const [x1, y1, x2, y2] = graph.ops('Split', [box, graph.integers(1, 1, 1, 1)], 4, { axis: 1 }) as [
    string,
    string,
    string,
    string,
  ];
  const centres = (at: (pixel: number) => number) => Float32Array.from({ length: pixels }, (_, i) => at(i) * 4 + 2);
  const x = graph.weight(
    'x',
    [1, pixels],
    centres((i) => i % side),
  );
  const y = graph.weight(
    'y',
    [1, pixels],
    centres((i) => Math.floor(i / side)),
  );
  const within = [
    graph.op('Greater', [x, x1]),
    graph.op('Less', [x, x2]),
    graph.op('Greater', [y, y1]),
    graph.op('Less', [y, y2]),
    graph.op('Greater', [mask, graph.float(0.5)]),
  ].reduce((all, each) => graph.op('And', [all, each]));
  // Inside a mask the logit is from 0.5 to 2, elsewhere 0; that of the background is 0.25 everywhere.
  const strength = graph.op('Mul', [mask, graph.op('Add', [best, graph.float(1)])]);
  const logit = graph.op('Mul', [strength, graph.op('Cast', [within], { to: 1 })]);
  const nothing = graph.op('Expand', [graph.float(0), graph.integers(classes, pixels)]);
  const found = graph.op('ScatterND', [nothing, kind, logit], { reduction: 'max' });
  const background = graph.op('Expand', [graph.float(0.25), graph.integers(1, pixels)]);
  const all = graph.op('Concat', [background, found], { axis: 0 });
  return {
    logits: graph.op('Reshape', [all, graph.integers(1, classes + 1, side, side)]),
    detections: graph.op('Concat', [box, best, graph.op('Cast', [kind], { to: 1 })], { axis: 1 }),
  };
}
