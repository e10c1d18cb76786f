import { defineError } from 'nbserve/errors';

export const BadSanitizer = defineError('NBS_BAD_SANITIZER', 400, '{sanitizer} is no sanitizer: {reason}');
export const BadTolerance = defineError(
  'NBS_BAD_TOLERANCE',
  400,
  '{tolerance} is no tolerance; give a number from 0 to 1, such as 1e-6 for one part in a million',
);
export const NoArtifacts = defineError('NBS_NO_ARTIFACTS', 400, 'results cannot be kept in {folder}: {reason}');
export const NotebookChanged = defineError(
  'NBS_NOTEBOOK_CHANGED',
  409,
  '{file} was changed while its cells ran, so --update has left it as it is; test it again',
);
