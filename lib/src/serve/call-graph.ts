import { shownValue } from '../core/index.js';
import { BoundDeployment, isApplication } from './application.js';
import { DeploymentDefinition } from './deployment.js';
import { InvalidGraphHttp } from './errors.js';
import { describeGraph, drawGraph, GraphDriver, type GraphHttp, type GraphPlan, planGraph } from './graph/index.js';
import type { Target } from './modules/index.js';
import type { DeploymentOptions } from './types.js';

/** The driver only waits for its nodes, so it takes many requests. */
const DRIVER_OPTIONS = { name: 'Graph', maxOngoingRequests: 1000 } as const;

/** A graph as an application: its ingress is the deployment that calls the nodes. */
export class BoundGraph extends BoundDeployment {
  readonly svg: string;
  readonly text: string;

  constructor(definition: DeploymentDefinition, plan: GraphPlan, http: GraphHttp, bound: readonly object[]) {
    super(definition, [{ plan, http }, bound]);
    this.svg = drawGraph(plan);
    this.text = describeGraph(plan);
  }

  override toString(): string {
    return this.text;
  }

  [Symbol.for('Jupyter.display')](): Record<string, string> {
    return { 'image/svg+xml': this.svg, 'text/plain': this.text };
  }
}

/** @throws NBS_NOT_A_NODE, NBS_FOREIGN_INPUT, NBS_NOT_A_CALL, NBS_DEPLOYMENT_AS_ARGUMENT, NBS_CANNOT_CLONE, NBS_INVALID_OPTION, NBS_UNKNOWN_OPTION */
export function callGraph(
  build: (input: never) => unknown,
  { http = 'request', ...options }: DeploymentOptions & { readonly http?: GraphHttp },
  deployer: ConstructorParameters<typeof DeploymentDefinition>[2],
): BoundGraph {
  if (http !== 'request' && http !== 'json') throw InvalidGraphHttp({ value: shownValue(http) });
  const { plan, bound } = planGraph(build as (input: object) => unknown, isApplication);
  const definition = new DeploymentDefinition(GraphDriver as unknown as Target, { ...DRIVER_OPTIONS, ...options }, deployer);
  return new BoundGraph(definition, plan, http, bound);
}
