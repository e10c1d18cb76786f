import { CanaryState } from '../../protocol/index.js';

/** Events of a canary. */
export const CanaryEvent = {
  /** It passed a step, and there is another one. */
  STEP: 'STEP',
  /** It passed the last step. */
  PASS: 'PASS',
  /** It failed a step. */
  FAIL: 'FAIL',
  /** A user stopped it, or one of its two versions was deleted. */
  STOP: 'STOP',
} as const;
export type CanaryEvent = (typeof CanaryEvent)[keyof typeof CanaryEvent];

export const CANARY_TRANSITIONS = {
  RUNNING: {
    STEP: CanaryState.RUNNING,
    PASS: CanaryState.PROMOTED,
    FAIL: CanaryState.ROLLED_BACK,
    STOP: CanaryState.ABORTED,
  },
  PROMOTED: {},
  ROLLED_BACK: {},
  ABORTED: {},
} as const satisfies Record<CanaryState, Partial<Record<CanaryEvent, CanaryState>>>;

/** The state after `event`; the same state if nothing changes. */
export function nextCanaryState(state: CanaryState, event: CanaryEvent): CanaryState {
  const row: Partial<Record<CanaryEvent, CanaryState>> = CANARY_TRANSITIONS[state];
  return row[event] ?? state;
}
