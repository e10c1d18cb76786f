import { closeSync, openSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import { NotAnOnnxModel } from './errors.js';

const HEAD_BYTES = 512;

/** What a file is that is not an ONNX model, by its first bytes, and what helps. None of them can begin a model. */
const FORMATS: readonly (readonly [(head: Buffer) => boolean, string])[] = [
  [(head) => head.length === 0, 'it is empty'],
  [
    begins('version https://git-lfs.github.com/'),
    'it is a pointer of Git LFS, not the file itself; run `git lfs pull` in its repository, or download the file from the web page of the repository',
  ],
  [
    (head) => /^\s*<(?:!--|!doctype html|html|head|\?xml)/i.test(head.toString('utf8').replace(/^\ufeff/, '')),
    'it is a web page; the address that it came from may lead to a page about the file, or need a login',
  ],
  [
    (head) => /^\s*\{\s*"/.test(head.toString('latin1')),
    'it is JSON; the server that it came from may have answered with an error',
  ],
  [begins('\x1f\x8b'), 'it is compressed (gzip); decompress it first'],
  [begins('PK\x03\x04'), 'it is a ZIP archive, as PyTorch writes it (.pt); export the model to ONNX, or unpack the archive'],
  [begins('GGUF'), 'it is a GGUF file of llama.cpp, which ONNX Runtime cannot run'],
  [begins('\x89HDF'), 'it is an HDF5 file, as Keras writes it (.h5); convert it with tf2onnx'],
  [(head) => head.toString('latin1', 4, 8) === 'TFL3', 'it is a model of TensorFlow Lite; convert it with tf2onnx'],
  [
    (head) => head[0] === 0x80 && (head[1] ?? 0) <= 5 && (head[1] ?? 0) >= 2,
    'it is a pickle of Python (.pt, .pkl); export the model to ONNX',
  ],
  [
    (head) => head.length > 9 && head.readUInt32LE(4) === 0 && head.toString('latin1', 8, 10) === '{"',
    'it is a file of weights (safetensors) without the graph; export the model to ONNX',
  ],
  // A model has bytes that no text has: those of its fields and lengths.
  [isText, 'it is plain text; the server that it came from may have answered with an error'],
];

function isText(head: Buffer): boolean {
  // A character at the end may be cut.
  const text = head.toString('utf8').replace(/\ufffd$/, '');
  return !/[^\P{C}\t\r\n\ufeff]|\ufffd/u.test(text);
}

function begins(text: string): (head: Buffer) => boolean {
  return (head) => head.toString('latin1', 0, text.length) === text;
}

/**
 * Refuses what is certainly something else than a model, before ONNX Runtime says only that it cannot read it.
 * @throws NBS_ONNX_INVALID_MODEL
 */
export function refuseOtherFormats(source: string | Uint8Array, label: string): void {
  const head = typeof source === 'string' ? headOf(source) : Buffer.from(source.subarray(0, HEAD_BYTES));
  const reason = FORMATS.find(([matches]) => matches(head))?.[1];
  if (reason !== undefined) throw NotAnOnnxModel({ source: label, reason });
}

/** Formats that are there by mistake, and with which no weights begin by chance. */
const OF_DOWNLOADS = FORMATS.slice(1, 3);

/**
 * Refuses files of weights that are certainly something else. ONNX Runtime would read the text of a pointer as weights, if that is long enough.
 * @param files those that the model names
 * @throws NBS_ONNX_INVALID_MODEL
 */
export function refuseOtherWeights(files: readonly string[], label: string): void {
  for (const file of files) {
    const head = headOf(file);
    const reason = OF_DOWNLOADS.find(([matches]) => matches(head))?.[1];
    if (reason !== undefined)
      throw NotAnOnnxModel({ source: label, reason: `of its file of weights, ${basename(file)}: ${reason}` });
  }
}

function headOf(path: string): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  const file = openSync(path, 'r');
  try {
    return head.subarray(0, readSync(file, head));
  } finally {
    closeSync(file);
  }
}
