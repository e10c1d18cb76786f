import { defineError } from 'nbserve/errors';

export const NotAnImage = defineError(
  'NBS_NOT_AN_IMAGE',
  400,
  'these {length} bytes are no PNG, JPEG, GIF or WebP picture; raw pixels have to be encoded first, e.g. with sharp',
);

export const NotJson = defineError('NBS_NOT_JSON', 400, '{what} cannot be sent to a front end as JSON: {reason}');
