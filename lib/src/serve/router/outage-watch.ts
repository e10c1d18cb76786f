import { Alarm } from './alarm.js';

/** Measures how long no replica of a deployment can be reached. */
export class OutageWatch {
  readonly #alarm = new Alarm();
  readonly #onLong: () => boolean;
  #isLong = false;

  /** @param onLong called when it has been so for too long. @returns whether new requests are refused until it ends */
  constructor(onLong: () => boolean) {
    this.#onLong = onLong;
  }

  /** True if new requests are refused. */
  get isLong(): boolean {
    return this.#isLong;
  }

  /** No replica can be reached. If it was so before, the time goes on. */
  begin(limitMs: number): void {
    if (this.#alarm.isSet || this.#isLong) return;
    this.#alarm.set(limitMs, () => {
      this.#isLong = this.#onLong();
    });
  }

  end(): void {
    this.#alarm.clear();
    this.#isLong = false;
  }
}
