import { randomUUID } from 'node:crypto';
import type { Content } from '../wire/index.js';

/** A client that makes more than this, and deletes none, is mistaken. */
const MAX_SUBSHELLS = 1_000;

export type SubshellRequest = 'create_subshell_request' | 'delete_subshell_request' | 'list_subshell_request';

/** Which subshells there are. Cells of a subshell run while a cell of the notebook awaits. */
export class Subshells {
  readonly #ids = new Set<string>();
  readonly #onDeleted: (id: string) => void;

  constructor(onDeleted: (id: string) => void) {
    this.#onDeleted = onDeleted;
  }

  /** @param id undefined stands for the notebook's own cells */
  has(id: string | undefined): boolean {
    return id === undefined || this.#ids.has(id);
  }

  /** @returns the content of the reply */
  answer(type: SubshellRequest, { subshell_id: id }: Content): Content {
    switch (type) {
      case 'create_subshell_request': {
        if (this.#ids.size >= MAX_SUBSHELLS)
          return failed('TooManySubshells', `there are ${MAX_SUBSHELLS} subshells; delete_subshell_request ends one`);
        const made = randomUUID();
        this.#ids.add(made);
        return { status: 'ok', subshell_id: made };
      }
      case 'list_subshell_request':
        return { status: 'ok', subshell_id: [...this.#ids] };
      case 'delete_subshell_request': {
        if (typeof id !== 'string') return failed('BadRequest', 'a delete_subshell_request needs a string `subshell_id`');
        if (!this.#ids.delete(id)) return unknownSubshell(id);
        this.#onDeleted(id);
        return { status: 'ok' };
      }
    }
  }
}

/** The reply to a request that names a subshell which does not exist. */
export const unknownSubshell = (id: string): Content =>
  failed('UnknownSubshell', `there is no subshell ${JSON.stringify(id)}; create_subshell_request makes one`);

const failed = (ename: string, evalue: string): Content => ({ status: 'error', ename, evalue, traceback: [] });
