import { fileURLToPath } from 'node:url';

/** The proto file of the Open Inference Protocol: `serve.start({ grpc: { protos: [onnx.inferenceProto] } })` answers its gRPC service. */
export const inferenceProto = fileURLToPath(new URL('../../../protos/inference/grpc_service.proto', import.meta.url));
