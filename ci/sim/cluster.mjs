import { changeBetween, FakeCluster, Router, withChange } from './library.mjs';
import { exponential } from './random.mjs';
import { SimulatedReplica } from './replica.mjs';

/** How many turns of the microtask queue a change needs until nothing more happens. */
const TURNS = 40;
const NODE_CPUS = 100;

const cpuMs = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/**
 * The real controller and a real router, like that of a proxy, with a virtual clock. Processes are simulated: a replica takes `startMs` to start and an
 * exponentially distributed time for a request.
 */
export class SimulatedCluster extends FakeCluster {
  /** CPU time, in ms. */
  cost = { controllerMs: 0, routerMs: 0 };
  counts = { published: 0, publishedBytes: 0, starts: 0, stops: 0 };
  #channels = new Map();
  #published = null;
  /** The routes that the router knows. */
  #routes = null;

  constructor({ clock, draw, invariants, nodes, startMs, serviceMs, limit, onBegun }) {
    super();
    Object.assign(this, { clock, invariants, logged: { push() {} }, snapshots: { push: (snapshot) => this.#publish(snapshot) } });
    this.nodeInfos = nodes;
    this.draw = draw;
    this.replica = { clock, limit, serviceMs: () => exponential(draw, serviceMs), onBegun };
    this.startMs = startMs;
  }

  async open() {
    const { clock } = this;
    const own = { now: clock.now, after: (ms, action) => clock.after(ms, () => this.#inController(action)) };
    this.clock = own;
    this.control = await this.controller();
    this.clock = clock;
    this.router = new Router({
      connect: (path) => Promise.resolve(this.#channels.get(path)),
      random: this.draw,
      sendDemand: (report) => {
        this.#inController(() => this.control.demand('proxy', report));
        return true;
      },
    });
    if (this.#routes !== null) this.router.apply(this.#routes);
  }

  /** Lets all code run that waits for promises, which is nearly all the controller's work. */
  drain = async () => {
    const begun = cpuMs();
    const routerBefore = this.cost.routerMs;
    for (let turn = 0; turn < TURNS; turn += 1) await undefined;
    this.cost.controllerMs += cpuMs() - begun - (this.cost.routerMs - routerBefore);
  };

  #inController(action) {
    const begun = cpuMs();
    action();
    this.cost.controllerMs += cpuMs() - begun;
    this.clock.isDirty = true;
  }

  /** The changes are serialized, as between processes. What another process would do is not counted. */
  #publish(snapshot) {
    const change = this.#published === null ? null : changeBetween(this.#published, snapshot);
    this.#published = snapshot;
    const text = JSON.stringify(change ?? snapshot);
    this.counts.published += 1;
    this.counts.publishedBytes += text.length;
    const sent = cpuMs();
    const received = JSON.parse(text);
    this.#routes = change === null ? received : withChange(this.#routes, received);
    this.router?.apply(this.#routes);
    this.cost.routerMs += cpuMs() - sent;
  }

  get snapshotBytes() {
    return JSON.stringify(this.#routes).length;
  }

  nodes() {
    return Promise.resolve(this.nodeInfos);
  }

  async start(spec) {
    this.counts.starts += 1;
    await new Promise((resolve) => {
      this.clock.after(this.startMs * (0.5 + this.draw()), () => {
        this.clock.isDirty = true;
        resolve(undefined);
      });
    });
    await super.start(spec);
    const replica = this.replicas.get(spec.id);
    const channel = new SimulatedReplica({ ...this.replica, id: spec.id });
    replica.channel = channel;
    this.#channels.set(spec.args.socketPath, channel);
    const initialize = replica.initialize.bind(replica);
    replica.initialize = (init) => {
      this.invariants.initialized(init);
      return initialize(init);
    };
    replica.drain = () => {
      replica.draining = true;
      this.invariants.drained(replica.init);
      return channel.drain();
    };
  }

  async stop(id) {
    this.counts.stops += 1;
    const replica = this.replicas.get(id);
    this.invariants.stopped(id, replica?.channel.ongoing ?? 0);
    await super.stop(id);
  }

  end(id, exit) {
    const replica = this.replicas.get(id);
    super.end(id, exit);
    if (replica === undefined) return;
    this.clock.isDirty = true;
    if (replica.init !== null) this.invariants.ended(replica.init, { draining: replica.draining });
    this.#channels.delete(replica.spec.args.socketPath);
    replica.channel.end();
  }
}

/** Nodes with resources for `replicas` of one cpu each and a tenth more. */
export function nodesFor(replicas, nodeCpus = NODE_CPUS) {
  const count = Math.ceil((replicas * 1.1) / nodeCpus);
  const cpu = Math.min(nodeCpus, Math.ceil(replicas * 1.1));
  return Array.from({ length: count }, (_, i) => {
    return { id: `node${i}`, ip: `10.0.${i >> 8}.${i & 255}`, alive: true, resources: { cpu, gpus: [], memory: 0, custom: {} } };
  });
}
