import { fileURLToPath } from 'node:url';
import { pythonEnv } from './python-env.mjs';

/** Python with grpcio, the gRPC of most Python programs. @throws if it cannot be set up */
export const grpcioPython = () => pythonEnv('grpcio', fileURLToPath(new URL('grpcio-requirements.txt', import.meta.url)));
