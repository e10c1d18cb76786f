import { defineError } from 'nbserve/errors';

export const NotAnImage = defineError(
  'NBS_NOT_AN_IMAGE',
  400,
  'these {length} bytes are no PNG, JPEG, GIF or WebP picture; raw pixels have to be encoded first, e.g. with sharp',
);
