/** OpenAI's HTTP interface for models: `import { openaiApi } from 'nbserve/openai'`. */
export { type OpenaiModels, openaiApi } from './openai-api.js';
