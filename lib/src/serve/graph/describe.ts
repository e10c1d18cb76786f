import { type GraphPlan, INPUT } from './plan.js';

/** A graph as text, one line for each node: also for readers who do not see the picture. */
export function describeGraph({ nodes }: GraphPlan): string {
  const names = namesOf({ nodes });
  const lines = nodes.map(({ name, needs }, at) => {
    const takes = needs.length === 0 ? 'takes nothing' : `takes ${needs.map((need) => names(need)).join(' and ')}`;
    return `${name} ${takes}${at === nodes.length - 1 ? ', and gives the result' : ''}`;
  });
  return `graph of ${nodes.length} ${nodes.length === 1 ? 'node' : 'nodes'}\n${lines.join('\n')}`;
}

const namesOf =
  ({ nodes }: Pick<GraphPlan, 'nodes'>) =>
  (at: number): string =>
    at === INPUT ? 'the input' : (nodes[at]?.name ?? '');
