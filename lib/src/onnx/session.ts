/**
 * The part of ONNX Runtime's session that a model uses. Named here so that the declarations of this room import no third-party types:
 * onnxruntime-common's need the DOM.
 */
export interface Session {
  run(feeds: Readonly<Record<string, unknown>>, outputs: readonly string[]): Promise<Readonly<Record<string, unknown>>>;
  release(): Promise<void>;
}
