import { defineError } from '../core/index.js';

export const BadInference = defineError('NBS_OIP_BAD_REQUEST', 400, '{reason}');
export const InferenceTooLarge = defineError(
  'NBS_OIP_TOO_LARGE',
  413,
  'the compressed body is larger than {limit} bytes when it is decompressed; send it without compression, or in parts',
);
export const NoSuchModel = defineError('NBS_OIP_NO_MODEL', 404, 'there is no model {name} that is ready; ready are: {valid}');
export const NoSuchVersion = defineError(
  'NBS_OIP_NO_VERSION',
  404,
  'the model {name} has no version {version}; its versions are: {valid}',
);
export const NoSuchPath = defineError('NBS_OIP_NO_PATH', 404, 'there is nothing at {method} {path}; there is: {valid}');
export const CannotCompute = defineError('NBS_OIP_CANNOT_COMPUTE', 422, 'the model {name} cannot compute these inputs: {reason}');
export const NotInJson = defineError(
  'NBS_OIP_NOT_IN_JSON',
  422,
  "the output {output} contains {value}, which JSON cannot hold; ask for the output as binary data (parameters: { 'binary_data': true })",
);
export const InvalidModelName = defineError(
  'NBS_OIP_MODEL_NAME',
  400,
  '{name} cannot be the name of a model: it must begin with a letter from A to Z or a digit, have at most 128 of these, dots, hyphens and underscores, and not be stats, which is a path of the protocol; give it another one (name, --name)',
);
export const ModelNameTaken = defineError(
  'NBS_OIP_NAME_TAKEN',
  409,
  'an application {name} is running that is not a model; choose another name for the model (name), or delete the application',
);
export const ServerNameTaken = defineError(
  'NBS_OIP_SERVER_NAME_TAKEN',
  409,
  'an application {name} is running that is not the server of models, which needs this name to answer /v2 and gRPC; run it under another name, or delete it',
);
export const NoModelsThere = defineError('NBS_OIP_NO_MODELS', 404, 'there is no ONNX model at {path}: {reason}');
export const ModelElsewhere = defineError(
  'NBS_OIP_MODEL_ELSEWHERE',
  500,
  'the model {name} has no file {file} on the machine {machine}, on which a replica of it runs; models are not sent to other machines: make the file available there under the same path, such as in a shared folder, keep the replicas on nodes that have it by a custom resource (deployment), or load it in a deployment of your own: onnx.load takes bytes, which are sent to each node once',
);
export const InvalidModelConfig = defineError('NBS_OIP_CONFIG', 400, '{file} is not a configuration that can be used: {reason}');
export const NotInRepository = defineError(
  'NBS_OIP_NOT_IN_REPOSITORY',
  404,
  'no model {name} is in the repository; the repository has: {valid}',
);
export const ModelsFixed = defineError(
  'NBS_OIP_CONTROL_REFUSED',
  403,
  'the model {name} cannot be loaded or unloaded by clients, because it was served with the model control mode none',
);
export const LoadRefused = defineError('NBS_OIP_LOAD_FAILED', 400, 'the model {name} could not be {what}: {reason}');
