import type { Channel } from '../../ipc/index.js';
import { DEMAND_TOPIC, type DemandReport, TRAFFIC_TOPIC, type TrafficReport } from '../protocol/index.js';
import type { Controller } from './controller.js';

let connections = 0;

/** Hands what a router tells of its load, and a proxy of split routes, to the controller, and the router's end. */
export function listenToDemand(channel: Channel, recovered: Promise<Controller>): void {
  let source: string | null = null;
  const on = (use: (controller: Controller) => void): void => void recovered.then(use, () => {});
  channel.onNotify = (message) => {
    if (message.kind !== 'event') return;
    if (message.topic === TRAFFIC_TOPIC) on(({ traffic }) => traffic.report(message.value as TrafficReport));
    if (message.topic !== DEMAND_TOPIC) return;
    if (source === null) {
      connections += 1;
      const name = `${channel.peer.id}/${connections}`;
      source = name;
      void channel.closed.then(() => on((controller) => controller.demandGone(name)));
    }
    const from = source;
    on((controller) => controller.demand(from, message.value as DemandReport));
  };
}
