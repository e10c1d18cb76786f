import { defineError } from '../core/index.js';

export const CannotSetUpCuda = defineError('NBS_CUDA_SETUP_IMPOSSIBLE', 409, 'models cannot be run on CUDA here: {reason}');
export const CudaSetupFailed = defineError('NBS_CUDA_SETUP_FAILED', 500, 'what CUDA needs could not be installed: {reason}');
