/** What a process says about a model that it has loaded. It is sent to the controller, and shown in the status. */
export interface LoadedModel {
  readonly name: string;
  /** The device for which its session was made, such as `cpu` or `webgpu (software Vulkan)`. */
  readonly device: string;
  /** The device that was asked for. */
  readonly requested: string;
  /** `beside` the event loop, or in the `loop`. */
  readonly place: string;
  /** Why it does not run on the devices that come before. */
  readonly failed: readonly string[];
}

const KEY = Symbol.for('nbserve.models');
/** All copies of this module share it: user code may bring a copy of its own. */
const shared = globalThis as { [KEY]?: Set<WeakRef<ModelNote>> };
const notes = shared[KEY] ?? new Set<WeakRef<ModelNote>>();
shared[KEY] = notes;

/** Forgets models that user code does not refer to any more. */
const letGo = new FinalizationRegistry<WeakRef<ModelNote>>((entry) => notes.delete(entry));

/** Is asked whenever somebody wants to know about the model. */
export type ModelNote = () => LoadedModel;

/** Enters a model. It is forgotten with its note, which the model holds: user code may drop its last reference without a call. @returns a function that removes it */
export function noteModel(note: ModelNote): () => void {
  const entry = new WeakRef(note);
  notes.add(entry);
  letGo.register(note, entry);
  return () => notes.delete(entry);
}

/** More models than this are not told. */
const MOST = 100;

/** The models of this process that were not disposed. */
export function loadedModels(): readonly LoadedModel[] {
  const found: LoadedModel[] = [];
  for (const entry of notes) {
    const note = entry.deref();
    if (note !== undefined && found.length < MOST) found.push(note());
  }
  return found;
}
