export { analyse } from './analyse.js';
export { Cell } from './cell.js';
export { type Declaration, declare } from './declaration.js';
export { CannotShip, NoSource } from './errors.js';
export { anglesIn, functionsForJsx, jsxPragmas } from './jsx.js';
export { loadCode } from './loader.js';
export { compileModule, importModule, type ModulePackage } from './module.js';
export { noteOwnClass, ownClassOf } from './own-classes.js';
export { nameOfOwnModule, urlOfOwnModule } from './own-modules.js';
export { childrenOf, isInstantiated, isNode, type Node, staticKey, unwrap } from './parse.js';
export { importFrom, requireFrom } from './require.js';
export { functionsRunBy, isCall } from './run-at-once.js';
export { type Reference, resolve as resolveReference } from './scope.js';
export { SourceRegistry } from './source-registry.js';
export { installStackMapping, isCompiled, mapStack } from './stack.js';
export {
  type CodePackage,
  type CodeRef,
  type CompilerOptions,
  type DefinitionRef,
  type FolderRequire,
  type LoadCodeOptions,
  type ModuleRef,
  refOf,
} from './types.js';
export { startCompiler, warm } from './warm.js';
