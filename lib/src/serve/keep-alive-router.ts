import type { KeepAlive } from '../core/index.js';
import type { OutgoingCall } from '../ipc/index.js';
import type { AnswerSink, Dispatch, RouterLike } from './router/index.js';

/** Wraps a router so that the process stays alive while requests are in progress. */
export function keepAliveRouter(router: RouterLike, alive: KeepAlive): RouterLike {
  return {
    get snapshot() {
      return router.snapshot;
    },
    dispatch: (request) => dispatch(router, request, alive),
    whenSnapshot: (version) => alive.during(() => router.whenSnapshot(version)),
    onSnapshot: (listener) => router.onSnapshot(listener),
    readKept: (answer, signal) => alive.during(() => router.readKept(answer, signal)),
    close: () => router.close(),
  };
}

function dispatch(router: RouterLike, request: Dispatch, alive: KeepAlive): OutgoingCall {
  let isOver = false;
  const over = (): void => {
    if (!isOver) alive.end();
    isOver = true;
  };
  const { sink } = request;
  const watched: AnswerSink = {
    onStarted: () => sink.onStarted?.(),
    onHead: (head) => {
      // A call whose answer is kept ends only when it is cancelled.
      if (head.kind === 'kept') over();
      sink.onHead(head);
    },
    onData: (chunk) => sink.onData(chunk),
    onEnd: () => {
      over();
      sink.onEnd();
    },
    onError: (error) => {
      over();
      sink.onError(error);
    },
    onDrain: () => sink.onDrain?.(),
    onLeaving: () => sink.onLeaving?.(),
  };
  alive.begin();
  const call = router.dispatch({ ...request, sink: watched });
  return {
    get done() {
      return call.done;
    },
    write: (chunk) => call.write(chunk),
    end: (chunk) => call.end(chunk),
    // Nothing is called after it.
    cancel: (reason) => {
      over();
      call.cancel(reason);
    },
    consumed: (bytes) => call.consumed(bytes),
    keep: () => call.keep?.(),
  };
}
