import type { DeploymentRoute } from '../protocol/index.js';
import type { RoutedCall } from './routed-call.js';

/** The place from which the requests of one deployment are sent and in which they wait. */
export interface CallHost {
  readonly route: DeploymentRoute;
  readonly label: string;
  /** Number of requests that wait. */
  readonly waiting: number;
  /** Sends the request to a replica, lets it wait, or fails it. */
  place(call: RoutedCall): void;
  /** Does the same for a request that was sent but that no replica has begun, or that may run again. */
  replace(call: RoutedCall): void;
  /** To be called when a request has ended that is at no replica. */
  withdraw(call: RoutedCall): void;
  onRoom(): void;
}
