import { aboutInput } from '../../core/index.js';
import { BadMessage } from '../../grpc/index.js';
import { toJson } from './json-text.js';

/** A `nbserve.v1.Value`. */
type Value = { readonly json?: string; readonly data?: Buffer; readonly kind?: 'json' | 'data' };

/** The arguments of a `nbserve.v1.CallRequest`. @throws NBS_BAD_MESSAGE */
export function genericArguments(message: unknown): unknown[] {
  const { arguments: values } = message as { readonly arguments: readonly Value[] };
  return values.map(({ kind, json = '', data }, index) => {
    if (kind === 'data') return data;
    if (kind === undefined) return undefined;
    try {
      return JSON.parse(json) as unknown;
    } catch (error) {
      const reason = `arguments[${index}].json: ${(error as Error).message}`;
      throw aboutInput(BadMessage({ type: 'nbserve.v1.CallRequest', reason }, error));
    }
  });
}

/** The items that one message of a stream carries: one, or none in the first message. */
export function genericItem(message: unknown): unknown[] {
  return genericArguments(message).slice(0, 1);
}

/** A `nbserve.v1.CallResponse` of a result. @throws NBS_NO_JSON_FORM, NBS_NOT_AWAITED */
export function genericResult(value: unknown, deployment: string): object {
  if (value === undefined) return {};
  if (value instanceof Uint8Array) return { result: { data: value } };
  return { result: { json: toJson(value, deployment, 'the result') } };
}
