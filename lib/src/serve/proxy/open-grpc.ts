import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { hasCode, isErrorStatus, isNbserveError } from '../../core/index.js';
import { MessageTooLarge, readPlan } from '../../grpc/index.js';
import { isToken } from '../access/index.js';
import type { RouterLike } from '../router/index.js';
import type { FailureLog } from './failure-log.js';
import { GrpcProxy } from './grpc/index.js';
import type { Splits } from './splits.js';
import { INTERNAL, strangerError } from './stranger-error.js';

export interface OpenGrpc {
  readonly dir: string;
  readonly token: string;
  readonly router: RouterLike;
  readonly failures: FailureLog;
  readonly splits: Splits;
  /** The listening socket. */
  readonly fd: number;
}

/** Opens the gRPC server, which tells its clients of errors what HTTP tells. In a file of its own, so that it is loaded only if gRPC is answered. */
export async function openGrpc({ dir, token, router, failures, splits, fd }: OpenGrpc): Promise<GrpcProxy> {
  const idPrefix = randomBytes(6).toString('base64url');
  let ids = 0;
  const proxy = new GrpcProxy(
    {
      router,
      versionFor(application, metadata) {
        const choice = splits.chooseFor(application, metadata);
        if (choice === null) return null;
        return { app: choice.to.app, over: (failed, ms) => splits.over(choice, failed, ms) };
      },
      isToken: (given) => isToken(given, token),
      newRequestId: () => {
        ids += 1;
        return `${idPrefix}-${ids.toString(36)}`;
      },
      tell(error, { rpc, requestId, isTrusted }) {
        if (isTrusted) return { code: isNbserveError(error) ? error.code : INTERNAL, message: error.message };
        const status = isNbserveError(error) && isErrorStatus(error.status) ? error.status : 500;
        const { code, message, withholds } = strangerError(error, status);
        // The replica has already logged an error of user code, with its stack.
        const isWritten = isNbserveError(error) && error.expose === false;
        const isOurs = status >= 500 || hasCode(error, MessageTooLarge);
        if (withholds && !isWritten && isOurs) failures.tell({ method: 'gRPC', url: rpc }, status, error, requestId);
        return { code, message };
      },
    },
    readPlan(dir),
  );
  proxy.server.listen({ fd });
  await once(proxy.server, 'listening');
  return proxy;
}
