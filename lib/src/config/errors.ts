import { defineError } from '../core/index.js';

/** The status is 400 and the message is complete: clients of the REST API show it as it is. */
export const InvalidConfig = defineError('NBS_INVALID_CONFIG', 400, '{place}: {problem}');
