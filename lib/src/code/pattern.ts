import { isNode, type Node } from './parse.js';

/** A target of a pattern, or an expression in it: a default or a computed key. */
interface PatternPart {
  readonly node: Node;
  readonly isTarget: boolean;
  /** True if the target is the name of a property too: `({ a } = b)`. */
  readonly shorthand: boolean;
}

const expression = (node: unknown): PatternPart => ({ node: node as Node, isTarget: false, shorthand: false });

/** The parts of the target of a declaration or assignment, in the order of the source. */
export function* patternParts(pattern: unknown, shorthand = false): Generator<PatternPart> {
  if (!isNode(pattern)) return;
  switch (pattern.type) {
    case 'ObjectPattern':
      for (const property of pattern.properties as Node[]) {
        if (property.computed === true) yield expression(property.key);
        if (property.type === 'RestElement') yield* patternParts(property.argument);
        else yield* patternParts(property.value, property.shorthand === true);
      }
      break;
    case 'ArrayPattern':
      for (const element of pattern.elements as unknown[]) yield* patternParts(element);
      break;
    case 'AssignmentPattern':
      yield* patternParts(pattern.left, shorthand);
      yield expression(pattern.right);
      break;
    case 'RestElement':
      yield* patternParts(pattern.argument);
      break;
    case 'TSParameterProperty':
      yield* patternParts(pattern.parameter);
      break;
    default:
      yield { node: pattern, isTarget: true, shorthand };
  }
}
