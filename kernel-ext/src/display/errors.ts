/** An error of `display`, with the shape of nbserve's coded errors; nbserve itself is not loaded for it. */
export class DisplayError extends Error {
  constructor(
    readonly code: `NBS_${string}`,
    message: string,
  ) {
    super(message);
    this.name = 'NbserveError';
  }
}

export const NotAnImage = (length: number): DisplayError =>
  new DisplayError(
    'NBS_NOT_AN_IMAGE',
    `these ${length} bytes are no PNG, JPEG, GIF or WebP picture; raw pixels have to be encoded first, e.g. with sharp`,
  );
