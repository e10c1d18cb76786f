/** An answer whose status or headers cannot be derived from its value alone. */
export class TypedAnswer {
  constructor(
    readonly status: number,
    /** `null` if the answer has no body. */
    readonly type: string | null,
    readonly bytes: Uint8Array | null,
    /** The headers as name, value, name, value, … */
    readonly headers: readonly string[] = [],
  ) {}
}

export const JSON_TYPE = 'application/json';

export const jsonAnswer = (value: unknown, status = 200, headers: readonly string[] = []): TypedAnswer =>
  new TypedAnswer(status, JSON_TYPE, Buffer.from(JSON.stringify(value)), headers);

/** A stream whose content type is known even if it has no items. */
export class TypedStream {
  constructor(
    readonly items: AsyncIterable<unknown> | Iterable<unknown>,
    /** The content type if there is no item. */
    readonly emptyType: string,
  ) {}

  [Symbol.asyncIterator](): AsyncIterator<unknown> {
    const { items } = this;
    if (Symbol.asyncIterator in items) return items[Symbol.asyncIterator]();
    const iterator = items[Symbol.iterator]();
    return {
      next: async () => iterator.next(),
      return: async (value: unknown) => iterator.return?.(value) ?? { done: true, value },
    };
  }
}
