import { type CallHandler, handleOps, type IncomingCall, isControl } from '../../ipc/index.js';
import { type ControllerOps, PUT_BLOB_PREFIX } from '../protocol/index.js';
import type { Controller } from './controller.js';
import { type BlobStore, receiveBlob } from './target/index.js';

/** Answers the control operations. Blobs are accepted at once; other operations wait until the controller has recovered. */
export function controllerApi(blobs: BlobStore, recovered: Promise<Controller>): CallHandler {
  const ops = handleOps<ControllerOps>({
    deploy: async (spec, call) => {
      const controller = await recovered;
      call.onCancel = () => controller.abandon(spec);
      return controller.deploy(spec);
    },
    accept: async (spec, call) => {
      const controller = await recovered;
      call.onCancel = () => controller.abandon(spec);
      await controller.accept(spec);
      return undefined;
    },
    declared: async () => (await recovered).declared(),
    expect: async ({ app, routePrefix }, call) => {
      const forget = (await recovered).expected.add(app, routePrefix);
      if (!call.cancelled) await new Promise<void>((resolve) => (call.onCancel = () => resolve()));
      forget();
      return undefined;
    },
    delete: async ({ name, wait }) => (await recovered).delete(name, { wait }),
    status: async () => (await recovered).fullStatus(),
    traffic: async ({ prefix, spec }) => (await recovered).traffic.set(prefix, spec),
    canary: async ({ prefix, spec }) => (await recovered).traffic.begin(prefix, spec),
    canaryStatus: async ({ prefix, rule, ended }) => (await recovered).traffic.canary(prefix, rule, ended),
    abortCanary: async ({ prefix, rule, reason }) => (await recovered).traffic.abort(prefix, rule, reason),
    missingBlobs: ({ hashes }) => blobs.missing(hashes),
    shutdown: async () => {
      await (await recovered).shutdown();
      return undefined;
    },
  });
  return (call: IncomingCall) => {
    const { head } = call;
    if (!isControl(head) || !head.op.startsWith(PUT_BLOB_PREFIX)) return ops(call);
    receiveBlob(call, blobs, head.op.slice(PUT_BLOB_PREFIX.length)).then(
      () => call.reply(undefined),
      (error: unknown) => call.fail(error),
    );
    return undefined;
  };
}
