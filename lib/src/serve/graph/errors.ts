import { defineError } from '../../core/index.js';

export const NotANode = defineError(
  'NBS_NOT_A_NODE',
  400,
  'serve.graph: the function must return a node, such as model.predict.bind(input); it returned {value}',
);
export const ForeignInput = defineError(
  'NBS_FOREIGN_INPUT',
  400,
  'serve.graph: node {node} uses the input of another graph; use the parameter of the function',
);
export const NotACall = defineError(
  'NBS_NOT_A_CALL',
  400,
  'serve.graph: {node} cannot be a node, because {method} is no method that handles can call',
);
export const NoNodeMethod = defineError(
  'NBS_NO_NODE_METHOD',
  400,
  'node {node} of the graph calls {method} of {deployment}, which has no such method; it has: {methods}',
);
export const GraphTakesRequest = defineError(
  'NBS_GRAPH_TAKES_REQUEST',
  400,
  "node {node}: {reason}; the input of this graph may have to be a Request, which only HTTP brings: send it to the graph's url, or make the graph with { http: 'json' }, so that a handle and a JSON body give the same input",
);
export const DeploymentAsArgument = defineError(
  'NBS_DEPLOYMENT_AS_ARGUMENT',
  400,
  'serve.graph: an argument of node {node} is a bound deployment; call one of its methods (model.predict.bind(…)), or pass it to the bind of a class',
);
