export { createSession } from './create-session.js';
export { nameOwner } from './host.js';
export type {
  CompleteReply,
  DisplayBundle,
  ErrorOutcome,
  ExecuteOptions,
  InspectReply,
  IsCompleteReply,
  Outcome,
  Output,
  Session,
  SessionOptions,
} from './session.js';
