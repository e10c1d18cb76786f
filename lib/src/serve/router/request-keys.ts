import { affinityKeyOf, modelIdOf, type RequestHead } from '../protocol/index.js';

/** Model that the request selects; `''` if it names none. */
export function modelOf(head: RequestHead): string {
  return head.kind === 'http' ? modelIdOf(head.headers) : (head.modelId ?? '');
}

/** Key whose requests go to the same replica; `''` if the request has none. */
export function affinityOf(head: RequestHead): string {
  if (head.kind === 'method') return head.affinity ?? '';
  return affinityKeyOf(head.kind === 'http' ? head.headers : head.metadata);
}
