export { createSession } from './create-session.js';
export { nameOwner } from './host.js';
export type {
  CompleteReply,
  DisplayBundle,
  ExecuteOptions,
  InspectReply,
  IsCompleteReply,
  Outcome,
  Output,
  Session,
  SessionOptions,
} from './session.js';
