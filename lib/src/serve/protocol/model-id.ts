import { headerText } from './header-text.js';

/** Header of requests for one of several models; with `-` as well, because some servers in between drop names with `_`. */
const MODEL_ID_HEADER = 'serve_multiplexed_model_id';

/** Id of the model that an HTTP request is for; `''` where it names none. @param flat name, value, name, value, … */
export function modelIdOf(flat: readonly string[]): string {
  for (let i = 0; i < flat.length; i += 2) {
    const name = flat[i];
    if (name?.length === MODEL_ID_HEADER.length && name.toLowerCase().replaceAll('-', '_') === MODEL_ID_HEADER)
      return headerText(flat[i + 1] ?? '');
  }
  return '';
}
