import { isNode, type Node } from './parse.js';
import { isCall } from './run-at-once.js';

/** Functions and methods whose first argument is sent to other processes; after `new` too. */
const CALLS: ReadonlySet<string> = new Set(['deployment', 'ingress', 'mapBatches', 'mapGroups', 'Tuner', 'withResources']);
/** Methods of data sets that arrays have too. Only a call with options for other processes is sent: `map(parse, { concurrency: 2 })`. */
const CALLS_WITH_OPTIONS: ReadonlySet<string> = new Set(['map', 'filter', 'flatMap']);
/** Properties whose values are sent. The same property of another object is marked too, which does no harm. */
const PROPERTIES: ReadonlySet<string> = new Set(['policy', 'trainLoopPerWorker']);

const MENTIONS = new RegExp(
  `\\b(?:${[...CALLS, ...PROPERTIES].join('|')})\\b|\\.(?:${[...CALLS_WITH_OPTIONS].join('|')})\\b[^]*\\b(?:concurrency|resources)\\b`,
);

/** False if the text certainly has no class or function to mark. It is cheap, because every cell is asked. */
export const mayShip = (source: string): boolean => MENTIONS.test(source);

/** The class or function that a call or property sends to other processes, if it is one of the kinds above. */
export function shippedPart(node: Node): Node | undefined {
  if (isCall(node) || node.type === 'NewExpression') {
    const [first, second] = node.arguments as Node[];
    const name = nameOf(node.callee as Node);
    const isShipped = CALLS.has(name) || (CALLS_WITH_OPTIONS.has(name) && second?.type === 'ObjectExpression');
    return isShipped ? first : undefined;
  }
  if (node.type !== 'ObjectProperty' || node.computed === true) return undefined;
  const key = node.key as Node;
  return PROPERTIES.has(String(key.name ?? key.value)) ? (node.value as Node) : undefined;
}

function nameOf(callee: Node): string {
  const name = callee.type === 'MemberExpression' || callee.type === 'OptionalMemberExpression' ? callee.property : callee;
  return isNode(name) && typeof name.name === 'string' ? name.name : '';
}
