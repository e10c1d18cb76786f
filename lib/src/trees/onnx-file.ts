import { type Attribute, encodeModel } from '../onnx/index.js';
import type { TreesModelData } from './model-data.js';

/**
 * The model as ONNX: `X` → TreeEnsembleRegressor → `margin` → `prediction`. The names and categories of the features are in its metadata, as JSON under
 * `nbserve.trees`.
 */
export function writeOnnx(data: TreesModelData): Uint8Array {
  const { objective, label, features } = data;
  const last = objective === 'binary:logistic' ? 'Sigmoid' : 'Identity';
  const column = (name: string) => ({ name, type: 'float32', shape: ['rows', 1] }) as const;
  return encodeModel({
    name: 'trees',
    inputs: [{ name: 'X', type: 'float32', shape: ['rows', features.length] }],
    outputs: [column('prediction'), column('margin')],
    nodes: [
      { op: 'TreeEnsembleRegressor', domain: 'ai.onnx.ml', inputs: ['X'], outputs: ['margin'], attributes: ensemble(data) },
      { op: last, inputs: ['margin'], outputs: ['prediction'] },
    ],
    weights: {},
    domains: { 'ai.onnx.ml': 3 },
    metadata: { 'nbserve.trees': JSON.stringify({ objective, label, features }) },
  });
}

/** Each list has a member for each node of each tree, or for each leaf. */
function ensemble({ trees, features, base }: TreesModelData): Record<string, Attribute> {
  const nodes = trees.flatMap((tree, treeId) => tree.feature.map((feature, nodeId) => ({ tree, treeId, nodeId, feature })));
  const leaves = nodes.filter(({ feature }) => feature < 0);
  const mode = (feature: number) =>
    feature < 0 ? 'LEAF' : features[feature]?.categories === undefined ? 'BRANCH_LEQ' : 'BRANCH_EQ';
  return {
    nodes_treeids: nodes.map(({ treeId }) => treeId),
    nodes_nodeids: nodes.map(({ nodeId }) => nodeId),
    nodes_featureids: nodes.map(({ feature }) => Math.max(0, feature)),
    nodes_modes: nodes.map(({ feature }) => mode(feature)),
    nodes_values: { floats: nodes.map(({ tree, nodeId }) => tree.threshold[nodeId] as number) },
    nodes_truenodeids: nodes.map(({ tree, nodeId }) => tree.left[nodeId] as number),
    nodes_falsenodeids: nodes.map(({ tree, nodeId }) => tree.right[nodeId] as number),
    nodes_missing_value_tracks_true: nodes.map(({ tree, nodeId }) => Number(tree.isMissingLeft[nodeId])),
    target_treeids: leaves.map(({ treeId }) => treeId),
    target_nodeids: leaves.map(({ nodeId }) => nodeId),
    target_ids: leaves.map(() => 0),
    target_weights: { floats: leaves.map(({ tree, nodeId }) => tree.value[nodeId] as number) },
    base_values: { floats: [base] },
    n_targets: 1,
    post_transform: 'NONE',
  };
}
