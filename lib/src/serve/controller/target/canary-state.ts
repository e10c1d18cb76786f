import { CanaryState } from '../../protocol/index.js';

/** What happens to a canary. */
export const CanaryEvent = {
  /** It stood a step and there is another one. */
  STEP: 'STEP',
  /** It stood the last step. */
  PASS: 'PASS',
  /** It did not stand one. */
  FAIL: 'FAIL',
  /** Somebody stopped it, or one of its two versions was taken down. */
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

/** The state after `event`; the same one where nothing changes. */
export function nextCanaryState(state: CanaryState, event: CanaryEvent): CanaryState {
  const row: Partial<Record<CanaryEvent, CanaryState>> = CANARY_TRANSITIONS[state];
  return row[event] ?? state;
}
