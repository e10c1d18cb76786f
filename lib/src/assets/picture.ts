import { inspect } from 'node:util';

/** A PNG that a notebook shows as a picture when it is a cell's last value. */
export class Picture {
  constructor(
    /** The PNG file. */
    readonly png: Uint8Array,
    /** Size in pixels. */
    readonly width: number,
    readonly height: number,
  ) {}

  /** The representations of the value by MIME type. Notebooks call this. */
  [Symbol.for('Jupyter.display')](): Record<string, string> {
    return { 'image/png': Buffer.from(this.png).toString('base64'), 'text/plain': this.toString() };
  }

  toString(): string {
    return `Picture ${this.width}×${this.height}, ${this.png.length} bytes of PNG`;
  }

  [inspect.custom](): string {
    return this.toString();
  }
}
