/** What ONNX Runtime and the drivers say when they find no memory: their allocators, C++, CUDA and Vulkan. */
const SIGNS =
  /failed to allocate memory|out of memory|bad_alloc|cudaErrorMemoryAllocation|CUBLAS_STATUS_ALLOC_FAILED|OUT_OF_(DEVICE|HOST)_MEMORY|Available memory of \d+ is smaller/i;

export const isOutOfMemory = (reason: string): boolean => SIGNS.test(reason);
