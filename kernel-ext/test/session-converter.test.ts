import { tmpdir } from 'node:os';
import { Ts7Converter } from '../dist/session/ts7/ts7-converter.js';
import { TslabBasedConverter } from '../dist/session/tslab-converter.js';
import { converterContract } from './converter-contract.js';

const OPTIONS = { folder: tmpdir(), ambient: 'declare const ambient: { readonly deep: number };', paths: {} };

converterContract('TypeScript 7', () => new Ts7Converter(OPTIONS));
converterContract('tslab', () => new TslabBasedConverter(OPTIONS));
