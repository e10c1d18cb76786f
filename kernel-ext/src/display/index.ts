export { bundleOf, type MimeBundle, textOf } from './bundle.js';
export { type Display, type DisplayHandle, display, type ImageOptions, isShown } from './display.js';
export { type DisplayTarget, setDisplayTarget } from './target.js';
