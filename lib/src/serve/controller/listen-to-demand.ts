import { createLog } from '../../core/index.js';
import { type Channel, showPeer } from '../../ipc/index.js';
import {
  DEMAND_TOPIC,
  type DemandReport,
  demandFault,
  TRAFFIC_TOPIC,
  type TrafficReport,
  trafficFault,
} from '../protocol/index.js';
import type { Controller } from './controller.js';

const log = createLog('controller');
let connections = 0;

/**
 * Gives the reports of a router (its load) and of a proxy (split routes) to the controller, and informs it when the connection ends. An invalid
 * report ends the connection.
 */
export function listenToDemand(channel: Channel, recovered: Promise<Controller>): void {
  let source: string | null = null;
  const on = (use: (controller: Controller) => void): void => void recovered.then(use, () => {});
  const isSound = (fault: string | null): boolean => {
    if (fault === null) return true;
    log.error(`${showPeer(channel.peer)} tells nonsense: ${fault}; its connection is closed`);
    channel.destroy();
    return false;
  };
  channel.onNotify = (message) => {
    if (message.kind !== 'event' || channel.isClosed) return;
    const { topic, value } = message;
    if (topic === TRAFFIC_TOPIC && isSound(trafficFault(value))) on(({ traffic }) => traffic.report(value as TrafficReport));
    if (topic !== DEMAND_TOPIC || !isSound(demandFault(value))) return;
    if (source === null) {
      connections += 1;
      const name = `${channel.peer.id}/${connections}`;
      source = name;
      void channel.closed.then(() => on((controller) => controller.demandGone(name)));
    }
    const from = source;
    on((controller) => controller.demand(from, value as DemandReport));
  };
}
