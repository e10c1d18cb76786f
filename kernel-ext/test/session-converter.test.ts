import { tmpdir } from 'node:os';
import { TslabBasedConverter } from '../dist/session/tslab-converter.js';
import { converterContract } from './converter-contract.js';

converterContract(
  'tslab',
  () => new TslabBasedConverter({ folder: tmpdir(), ambient: 'declare const ambient: { readonly deep: number };', paths: {} }),
);
