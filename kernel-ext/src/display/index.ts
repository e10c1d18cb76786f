export { bundleOf } from './bundle.js';
export { picturesDrawn, withPicture } from './chart.js';
export { colorsUnwanted, stderrHasColors } from './colors.js';
export { comms, onComm, openComms, setCommPublisher } from './comms.js';
export { display, isShown } from './display.js';
export { progressBar } from './progress-bar.js';
export { setDisplayTarget, setPackageImporter } from './target.js';
export { isError, textOf } from './text.js';
