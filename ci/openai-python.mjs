import { fileURLToPath } from 'node:url';
import { pythonEnv } from './python-env.mjs';

/** Python with OpenAI's client, to which models are served in the tests. @throws if it cannot be set up */
export const openaiPython = () => pythonEnv('openai', fileURLToPath(new URL('openai-requirements.txt', import.meta.url)));
