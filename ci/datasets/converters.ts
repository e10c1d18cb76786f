// The functions that the manifest of datasets/ names. `nbserve assets` loads this module on the user's machine.
import type { Build } from 'nbserve/data';
import { buildMnistCnn } from './mnist-cnn.js';
import { buildYolov5Seg } from './yolov5-seg.js';

export const converters: Readonly<Record<string, Build>> = {
  'mnist-cnn': buildMnistCnn,
  'yolov5s-seg': buildYolov5Seg,
};
