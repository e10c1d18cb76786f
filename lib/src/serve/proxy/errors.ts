import { defineError } from '../../core/index.js';

/** Not HTTP, or HTTP that two readers could read differently. */
export const MalformedRequest = defineError('NBS_MALFORMED_REQUEST', 400, 'the request could not be read: {reason}');
