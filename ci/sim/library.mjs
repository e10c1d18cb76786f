// The built parts of the control plane that are simulated: rooms by their doors, and the fake cluster of the controller's own tests.
const built = (path) => import(new URL(`../../lib/build/${path}.js`, import.meta.url).href);

export const { FakeCluster } = await built('serve/controller/fake-cluster.test-support');
export const { app: appSpec, deployment: deploymentSpec } = await built('serve/controller/sample-apps.test-support');
export const { Router } = await built('serve/router/index');
export const { ReplicaBusy, ReplicaDraining } = await built('serve/protocol/index');
export const { callOp, connect, FeedPublisher, FeedSubscriber, handleOps, helloOf, listen, PeerGone } = await built('ipc/index');
export const { Authority } = await built('engine/certificates/index');
export const { changeBetween, withChange } = await built('ipc/feed-change');
