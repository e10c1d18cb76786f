/** What the CUDA provider of ONNX Runtime 1.30 needs: it is built for CUDA 13. */
export const CUDA_MAJOR = 13;
/** The first driver for CUDA 13 (NVIDIA, CUDA Toolkit release notes, table 2). */
export const OLDEST_DRIVER = 580;

/** The files of ONNX Runtime that the npm package does not contain. They lie beside its library. */
export const PROVIDER_FILES = ['libonnxruntime_providers_shared.so', 'libonnxruntime_providers_cuda.so'] as const;

/** The libraries that the provider loads, and the packages of PyPI that contain them. */
export const CUDA_LIBRARIES: readonly { readonly file: string; readonly requirement: string }[] = [
  { file: 'libcudart.so.13', requirement: 'nvidia-cuda-runtime~=13.0' },
  { file: 'libcublas.so.13', requirement: 'nvidia-cublas~=13.0' },
  { file: 'libcublasLt.so.13', requirement: 'nvidia-cublas~=13.0' },
  { file: 'libcurand.so.10', requirement: 'nvidia-curand~=10.0' },
  { file: 'libcufft.so.12', requirement: 'nvidia-cufft~=12.0' },
  { file: 'libnvrtc.so.13', requirement: 'nvidia-cuda-nvrtc~=13.0' },
  { file: 'libcudnn.so.9', requirement: 'nvidia-cudnn-cu13~=9.0' },
];

/** The packages of PyPI that together have all that is missing, except the driver. */
export function requirements(runtimeVersion: string, missing: readonly string[]): readonly string[] {
  const provider = PROVIDER_FILES.some((file) => missing.includes(file)) ? [`onnxruntime-gpu==${runtimeVersion}`] : [];
  const libraries = CUDA_LIBRARIES.filter(({ file }) => missing.includes(file)).map(({ requirement }) => requirement);
  return [...new Set([...provider, ...libraries])];
}
