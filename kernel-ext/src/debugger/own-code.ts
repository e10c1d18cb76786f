import { fileURLToPath } from 'node:url';

/** The folder of the kernel's own code. */
export const KERNEL = fileURLToPath(new URL('..', import.meta.url));
/** The folder of nbserve's code, which this process runs too. */
export const NBSERVE = fileURLToPath(new URL('.', import.meta.resolve('nbserve/errors'))).replace(/([\\/]dist[\\/]).*$/, '$1');

/** @param file a path or a `file:` URL */
export const filePath = (file: string): string => (file.startsWith('file:') ? fileURLToPath(file) : file);

export const isKernels = (file: string): boolean => filePath(file).startsWith(KERNEL);

export const isNbserves = (file: string): boolean => filePath(file).startsWith(NBSERVE);

/** Rooms of nbserve that compute for the user who waits: they keep nothing that others need. */
const COMPUTING = /^(?:data|lessons|onnx|plot|text|train|trees|tune)[\\/]/;

/** Whether this is code of nbserve that computes, for instance trains a model. */
export const computes = (file: string): boolean => isNbserves(file) && COMPUTING.test(filePath(file).slice(NBSERVE.length));
