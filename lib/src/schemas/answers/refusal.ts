import { InvalidRequest } from '../../openapi/index.js';
import type { Issue } from './validators.js';

/** The number of faults that the message names. */
const MOST_TOLD = 3;

/** A request that does not match the types. */
export class Refused extends Error {
  readonly status = InvalidRequest.status;

  constructor(readonly issues: readonly Issue[]) {
    super(messageFor(issues));
    this.name = 'Refused';
  }
}

function messageFor(issues: readonly Issue[]): string {
  const told = issues.slice(0, MOST_TOLD).map(({ field, in: place, expected, got }) => {
    const name = place === 'body' ? field : `the ${place} parameter ${field}`;
    return `${name}: expected ${expected}, got ${got}`;
  });
  const more = issues.length - told.length;
  return more > 0 ? `${told.join('; ')}; and ${more} more` : told.join('; ');
}
