import { childrenOf, functionsRunBy, isCall, isNode, type Node, unwrap } from '../code/index.js';

/** A call that may change the value of a name: `labels.push('cat')`, `await model.load()`, `Object.assign(limits, …)`. */
export interface ChangingCall {
  readonly name: string;
  /** The offset of the name. */
  readonly start: number;
  readonly method: string;
  /** True if the method is known to change its object. Any other method may only read it. */
  readonly isKnown: boolean;
  /** True if the name is an argument of a function that may change it, such as `labels` of `fill(labels)`. `method` is then the function. */
  readonly isArgument?: true;
}

const CHANGES = new Set(
  'push pop shift unshift splice sort reverse fill copyWithin set add delete clear append assign defineProperty'.split(' '),
);
const READS = new Set(
  'at bind concat endsWith entries every filter find findIndex findLast findLastIndex flat flatMap forEach get has includes indexOf join keys lastIndexOf map match options reduce reduceRight remote replace replaceAll show slice some split startsWith take toJSON toLocaleString toReversed toSorted toSpliced toString trim valueOf values with'.split(
    ' ',
  ),
);
const FUNCTIONS = /Function|ClassMethod|ClassPrivateMethod|ObjectMethod/;

/**
 * Finds them in the code that the statement itself runs, also in the callbacks of `forEach`, `map` and the like. A method that is not known counts if its
 * result is not used.
 * @param everywhere whether those in other functions count too
 */
export function changingCallsIn(node: Node, everywhere = false): readonly ChangingCall[] {
  const found: ChangingCall[] = [];
  /** Functions that run now, and whether what they return is dropped. */
  const runNow = new Map<Node, boolean>();
  const visit = (one: Node, isDropped: boolean): void => {
    if (!everywhere && isForLater(one) && !runNow.has(one)) return;
    if (one.type.startsWith('TSType')) return;
    if (isCall(one)) for (const callback of functionsRunBy(one)) runNow.set(callback, isDropped);
    const call = changingCall(one, isDropped);
    if (call !== undefined) found.push(call);
    if (isDropped) found.push(...argumentsOf(one));
    const passes = isDropped && (one.type === 'AwaitExpression' || isUnwrapped(one));
    const drops = one.type === 'ExpressionStatement' || runNow.get(one) === true || passes;
    for (const child of childrenOf(one)) visit(child, drops);
  };
  visit(node, false);
  return found;
}

/** Code that runs when it is called, or when an instance is made. */
const isForLater = ({ type, static: isStatic }: Node): boolean =>
  FUNCTIONS.test(type) || (type === 'ClassProperty' && isStatic !== true);

/** A name that is called: `load` of `load(…)` and of `new load()`, and `tag` of a template. */
export interface CalledName {
  readonly name: string;
  /** The offset of the name. */
  readonly start: number;
  /** True if nothing uses the result. */
  readonly isDropped: boolean;
}

/** Finds them in the code that the statement itself runs. @param everywhere whether those in functions that run later count too */
export function calledNamesIn(node: Node, everywhere: boolean): readonly CalledName[] {
  const found: CalledName[] = [];
  const runNow = new Set<Node>();
  const visit = (one: Node, isDropped: boolean): void => {
    if (!everywhere && isForLater(one) && !runNow.has(one)) return;
    if (isCall(one)) for (const callback of functionsRunBy(one)) runNow.add(callback);
    const called = one.type === 'TaggedTemplateExpression' ? one.tag : one.callee;
    const callee = isNode(called) ? unwrap(called) : undefined;
    if (callee?.type === 'Identifier') found.push({ name: callee.name as string, start: callee.start, isDropped });
    const drops = one.type === 'ExpressionStatement' || (isDropped && (one.type === 'AwaitExpression' || isUnwrapped(one)));
    for (const child of childrenOf(one)) visit(child, drops);
  };
  visit(node, false);
  return found;
}

const isUnwrapped = (node: Node): boolean => unwrap(node) !== node;

function changingCall(node: Node, isDropped: boolean): ChangingCall | undefined {
  if (!isCall(node)) return undefined;
  const callee = unwrap(node.callee as Node);
  if (!callee.type.endsWith('MemberExpression') || callee.computed === true) return undefined;
  const method = (callee.property as Node).name as string;
  const isKnown = CHANGES.has(method);
  if (!isKnown && (!isDropped || READS.has(method))) return undefined;
  const root = rootOf(callee.object as Node);
  const [first] = node.arguments as Node[];
  const isStatic = root?.name === 'Object' || root?.name === 'Reflect';
  const changed = isStatic && isNode(first) ? rootOf(first) : root;
  return changed === undefined ? undefined : { name: changed.name as string, start: changed.start, method, isKnown };
}

/** Functions that only show or check their arguments. */
const SHOWS = new Set(['console', 'display', 'assert', 'serve']);

/** The names that a call passes to a function which may change them. */
function argumentsOf(node: Node): readonly ChangingCall[] {
  if (!isCall(node)) return [];
  const callee = unwrap(node.callee as Node);
  const isMember = callee.type.endsWith('MemberExpression');
  const root = rootOf(callee);
  const property = isMember && callee.computed !== true ? ((callee.property as Node).name as string) : undefined;
  if (root === undefined || SHOWS.has(root.name as string) || CHANGES.has(property ?? '') || READS.has(property ?? '')) return [];
  const method = property === undefined ? (root.name as string) : `${root.name}.${property}`;
  return (node.arguments as Node[]).flatMap((argument) => {
    const changed = rootOf(argument);
    return changed === undefined
      ? []
      : [{ name: changed.name as string, start: changed.start, method, isKnown: false, isArgument: true as const }];
  });
}

/** The identifier `x` of `x.a.b`. */
function rootOf(node: Node): Node | undefined {
  let root = unwrap(node);
  while (root.type === 'MemberExpression' || root.type === 'OptionalMemberExpression') root = unwrap(root.object as Node);
  return root.type === 'Identifier' ? root : undefined;
}
