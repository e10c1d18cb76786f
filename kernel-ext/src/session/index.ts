export { type CellSyntax, cellSyntax, type SyntaxNode } from './cell-syntax.js';
export { loadConverter } from './create-converter.js';
export { nameOwner } from './host.js';
export { magicGrammar } from './magic-grammar.js';
export { createSession } from './notebook-session.js';
export { isInCell } from './running-cell.js';
export type {
  CaptureTaker,
  CompleteReply,
  DisplayBundle,
  ErrorOutcome,
  ExecuteOptions,
  InspectReply,
  IsCompleteReply,
  Outcome,
  Output,
  OutputCapture,
  Session,
  SessionOptions,
} from './session.js';
export { compilerOptionsOf } from './ts7/notebook-config.js';
