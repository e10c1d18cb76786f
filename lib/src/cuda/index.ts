/** What models on CUDA need: what of it this machine has, and its installation. */
export { type CudaSetup, setUpCuda } from './install.js';
export { type CudaFolders, cudaFolders, lookForCuda } from './look.js';
export { type CudaFacts, type CudaNeed, cudaNeeds, describeNeeds } from './state.js';
