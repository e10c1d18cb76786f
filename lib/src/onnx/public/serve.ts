import { createRequire } from 'node:module';
import type { ServedModel, ServeModelOptions } from '../../oip/types.js';

const require = createRequire(import.meta.url);

/**
 * Serves ONNX models under the Open Inference Protocol, without code: `const [mnist] = await onnx.serve('mnist.onnx')`. The path is that of a file, of a
 * folder of models in Triton's layout, or of one model in such a folder. It starts the cluster if none runs, and resolves when every replica has loaded its
 * model and has run it once.
 * @throws NBS_OIP_NO_MODELS, NBS_OIP_CONFIG, NBS_OIP_MODEL_NAME, NBS_OIP_NAME_TAKEN, NBS_OIP_SERVER_NAME_TAKEN, NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION, and what `onnx.load` throws
 */
export async function serve(path: string, options: ServeModelOptions = {}): Promise<ServedModel[]> {
  // Only programs that serve models in this way need the server's code. An import would take several turns, in which Node
  // could not require the parts of nbserve that this code uses.
  const { serveModels } = require('../../oip/index.js') as typeof import('../../oip/index.js');
  return serveModels(path, options);
}
