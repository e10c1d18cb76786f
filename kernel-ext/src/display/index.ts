export { bundleOf, type MimeBundle } from './bundle.js';
export { picturesDrawn, withPicture } from './chart.js';
export { type Display, type DisplayHandle, display, type ImageOptions, isShown } from './display.js';
export { type DisplayTarget, setDisplayTarget, setPackageImporter } from './target.js';
