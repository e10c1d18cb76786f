/** An entry of a {@link LinkedList}. The links belong to the list, so that adding and removing allocate nothing. */
export interface Linked {
  listNext: Linked | null;
  listPrevious: Linked | null;
  /** The list that contains the entry. */
  inList: LinkedList | null;
}

/** A queue (first in, first out) from whose middle an entry can be removed without a search. */
export class LinkedList<T extends Linked = Linked> {
  #first: Linked | null = null;
  #last: Linked | null = null;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get first(): T | null {
    return this.#first as T | null;
  }

  get last(): T | null {
    return this.#last as T | null;
  }

  push(entry: T): void {
    entry.inList = this as unknown as LinkedList;
    entry.listPrevious = this.#last;
    entry.listNext = null;
    if (this.#last === null) this.#first = entry;
    else this.#last.listNext = entry;
    this.#last = entry;
    this.#size += 1;
  }

  /** The entry must be in this list. */
  remove(entry: T): void {
    const { listNext: next, listPrevious: previous } = entry;
    if (previous === null) this.#first = next;
    else previous.listNext = next;
    if (next === null) this.#last = previous;
    else next.listPrevious = previous;
    entry.listNext = null;
    entry.listPrevious = null;
    entry.inList = null;
    this.#size -= 1;
  }
}
