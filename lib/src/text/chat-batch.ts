import { setImmediate } from 'node:timers/promises';
import { fromFloat16, type Model, type Tensor, type TensorInfo } from '../onnx/index.js';
import type { Chat } from './chat.js';
import { joinRows, type KeyValues, nextKeyValues, noKeyValues } from './key-values.js';

/** Tokens of a prompt that one run takes. A longer prompt takes several runs, so that the other chats go on between them. */
const PROMPT_TOKENS = 128;

/** The batch has room for the keys and values of so many tokens for each of its rows. A longer chat takes the room of several rows. */
const TOKENS_OF_A_ROW = 2048;

/** A chat whose prompt has been read, with its place in the batch. */
interface Row {
  readonly chat: Chat;
  /** Tokens whose keys and values are known. */
  length: number;
}

/** A chat whose prompt is being read. */
interface Reading {
  readonly chat: Chat;
  keyValues: KeyValues;
  length: number;
}

/**
 * Generates several answers at a time with one model. Each run computes one token of every answer. A chat joins the batch when its prompt has been read, and
 * leaves it when its answer ends; the others do not wait for it. It joins only if there is room for the keys and values of all until their answers end.
 */
export class ChatBatch {
  readonly #waiting: Chat[] = [];
  #reading: Reading | undefined;
  #rows: Row[] = [];
  /** Those of all rows, in their order. */
  #keyValues: KeyValues = {};
  #isRunning = false;

  readonly #model: Model;
  readonly #maxRows: number;

  constructor(model: Model, maxRows: number) {
    this.#model = model;
    this.#maxRows = maxRows;
  }

  get waiting(): number {
    return this.#waiting.filter(({ isEnded }) => !isEnded).length;
  }

  /** The answers that are being generated. */
  get active(): number {
    const reading = this.#reading === undefined ? [] : [this.#reading];
    // A chat that has ended leaves before the next run.
    return [...this.#rows, ...reading].filter(({ chat }) => !chat.isEnded).length;
  }

  /** How many prompts would wait for room if one more came, whose chat may have so many tokens. Those for which there is room are read one after the other. */
  waitingWith(mostTokens: number): number {
    const mostOf = (chats: readonly Chat[]) => chats.filter(({ isEnded }) => !isEnded).map((chat) => chat.mostTokens);
    const reading = this.#reading === undefined ? [] : [this.#reading];
    const inside = mostOf([...this.#rows, ...reading].map(({ chat }) => chat));
    const queue = [...mostOf(this.#waiting), mostTokens];
    let longest = inside.reduce((most, each) => Math.max(most, each), 0);
    const first = queue.findIndex((each, i) => {
      longest = Math.max(longest, each);
      return !this.#fits(inside.length + i + 1, longest);
    });
    return first < 0 ? 0 : queue.length - first;
  }

  add(chat: Chat): void {
    this.#waiting.push(chat);
    if (!this.#isRunning) void this.#run();
  }

  /** Fails all chats. */
  end(error: unknown): void {
    for (const chat of this.#chats()) chat.fail(error);
  }

  *#chats(): Iterable<Chat> {
    yield* this.#waiting;
    if (this.#reading !== undefined) yield this.#reading.chat;
    for (const { chat } of this.#rows) yield chat;
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    try {
      // Chats that come in the same turn of the event loop begin together. Between two runs, requests and aborts come in.
      for (await setImmediate(); this.#leave(); await setImmediate()) {
        await this.#read();
        if (this.#rows.length === 0) continue;
        await this.#step().catch((error) => {
          for (const { chat } of this.#rows) chat.fail(error);
        });
      }
    } catch (error) {
      this.end(error);
      this.#leave();
    }
    this.#isRunning = false;
  }

  /** Takes out the chats that have ended. Returns whether there is work left. */
  #leave(): boolean {
    const waiting = this.#waiting.filter(({ isEnded }) => !isEnded);
    this.#waiting.splice(0, this.#waiting.length, ...waiting);
    if (this.#reading?.chat.isEnded) this.#reading = undefined;
    const stay = this.#rows.flatMap(({ chat }, i) => (chat.isEnded ? [] : [i]));
    if (stay.length < this.#rows.length) {
      const rows = stay.map((i) => ({ from: this.#keyValues, row: i, length: (this.#rows[i] as Row).length }));
      this.#keyValues = rows.length === 0 ? {} : joinRows(rows);
      this.#rows = stay.map((i) => this.#rows[i] as Row);
    }
    return waiting.length > 0 || this.#reading !== undefined || this.#rows.length > 0;
  }

  /** Reads the next part of a prompt. When it is read to its end, the first token is chosen and the chat joins the batch. */
  async #read(): Promise<void> {
    if (this.#reading === undefined) {
      const [chat] = this.#waiting;
      if (chat === undefined || !this.#hasRoom(chat)) return;
      this.#waiting.shift();
      this.#reading = { chat, keyValues: noKeyValues(this.#model.inputs), length: 0 };
    }
    const reading = this.#reading;
    try {
      await this.#readPart(reading);
    } catch (error) {
      // The others had no part in this run, and their keys and values are as before.
      this.#reading = undefined;
      reading.chat.fail(error);
    }
  }

  async #readPart(reading: Reading): Promise<void> {
    const { chat, length } = reading;
    const tokens = chat.prompt.slice(length, length + PROMPT_TOKENS);
    const all = length + tokens.length;
    const results = await this.#runModel([tokens], [length], length, reading.keyValues);
    reading.keyValues = nextKeyValues(this.#model.inputs, results);
    reading.length = all;
    if (all < chat.prompt.length) return;
    this.#reading = undefined;
    if (chat.isEnded) return;
    chat.take(lastLogits(results.logits as Tensor, 0));
    if (chat.isEnded) return;
    const rows = this.#rows.map((row, i) => ({ from: this.#keyValues, row: i, length: row.length }));
    this.#keyValues =
      rows.length === 0 ? reading.keyValues : joinRows([...rows, { from: reading.keyValues, row: 0, length: all }]);
    this.#rows.push({ chat, length: all });
  }

  /** All rows of the batch are as long as the longest one. A chat that is alone always has room. */
  #hasRoom(chat: Chat): boolean {
    const rows = this.#rows.length + 1;
    return this.#fits(rows, Math.max(chat.mostTokens, ...this.#rows.map((row) => row.chat.mostTokens)));
  }

  #fits(rows: number, longest: number): boolean {
    return rows === 1 || (rows <= this.#maxRows && rows * longest <= this.#maxRows * TOKENS_OF_A_ROW);
  }

  /** Computes the next token of each chat. */
  async #step(): Promise<void> {
    const rows = this.#rows;
    const longest = Math.max(...rows.map(({ length }) => length));
    const results = await this.#runModel(
      rows.map(({ chat }) => [chat.lastToken]),
      rows.map(({ length }) => length),
      longest,
      this.#keyValues,
    );
    this.#keyValues = nextKeyValues(this.#model.inputs, results);
    for (const [i, row] of rows.entries()) {
      row.length += 1;
      if (!row.chat.isEnded) row.chat.take(lastLogits(results.logits as Tensor, i));
    }
  }

  /**
   * @param tokens the same number of tokens for each row
   * @param lengths tokens that each row has already
   * @param past tokens in `keyValues`, padding included
   */
  #runModel(tokens: readonly (readonly number[])[], lengths: readonly number[], past: number, keyValues: KeyValues) {
    const count = (tokens[0] as readonly number[]).length;
    const [rows, all] = [tokens.length, past + count];
    const ids = new BigInt64Array(rows * count);
    const positions = new BigInt64Array(rows * count);
    const mask = new BigInt64Array(rows * all).fill(1n);
    for (const [row, own] of tokens.entries()) {
      const length = lengths[row] as number;
      mask.fill(0n, row * all, row * all + past - length);
      for (const [i, token] of own.entries()) {
        ids[row * count + i] = BigInt(token);
        positions[row * count + i] = BigInt(length + i);
      }
    }
    const given: Record<string, Tensor> = {
      input_ids: { type: 'int64', dims: [rows, count], data: ids },
      attention_mask: { type: 'int64', dims: [rows, all], data: mask },
      position_ids: { type: 'int64', dims: [rows, count], data: positions },
    };
    const feeds = this.#model.inputs.flatMap(({ name }: TensorInfo) =>
      given[name] === undefined ? [] : [[name, given[name]] as const],
    );
    // The run serves all chats, not the request of the one that began it.
    return this.#model.run({ ...Object.fromEntries(feeds), ...keyValues }, { signal: null }) as Promise<
      Readonly<Record<string, Tensor>>
    >;
  }
}

/** The logits of a row's last token. */
function lastLogits({ type, dims, data }: Tensor, row: number): Float32Array {
  const [, tokens, vocabulary] = dims as [number, number, number];
  const end = (row + 1) * tokens * vocabulary;
  if (type === 'float16') return fromFloat16((data as Uint16Array).subarray(end - vocabulary, end));
  return (data as Float32Array).subarray(end - vocabulary, end);
}
