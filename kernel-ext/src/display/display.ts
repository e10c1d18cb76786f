import { base64, bundleOf, imageType, type MimeBundle } from './bundle.js';
import { chartType, withPicture, withShownCharts } from './chart.js';
import { NotAnImage } from './errors.js';
import { asJson } from './json.js';
import { displayTarget, newDisplayId } from './target.js';

/** Something that is shown below the cell and can be replaced. */
export interface DisplayHandle {
  /** Jupyter's id of the display. */
  readonly id: string;
  /** Shows `value` instead of what is shown now. */
  update(value: unknown): Promise<void>;
}

/** The size in which a picture is shown, in pixels. The browser scales it. */
export interface ImageOptions {
  readonly width?: number;
  readonly height?: number;
}

export interface Display {
  /** Shows a value like the result of a cell: as a picture, table or chart, else as text. */
  (value: unknown): Promise<DisplayHandle>;
  /** Shows HTML. */
  html(html: string): DisplayHandle;
  /** Shows Markdown. */
  markdown(markdown: string): DisplayHandle;
  /** Shows an SVG document. */
  svg(svg: string): DisplayHandle;
  /** Shows a PNG, JPEG, GIF or WebP picture from its bytes. */
  image(bytes: Uint8Array, options?: ImageOptions): DisplayHandle;
  /** Shows a value as a JSON tree. */
  json(value: unknown): DisplayHandle;
  /** Shows a Vega or Vega-Lite chart. */
  vega(spec: object): DisplayHandle;
  /** Removes what the cell has shown. With `wait`, it is removed when something new is shown. */
  clear(wait?: boolean): void;
}

/** Shows values below the cell that runs. */
export const display: Display = Object.assign((value: unknown): Promise<DisplayHandle> => shown(then(coloured, value, show)), {
  html: (html: string) => show(bundle('text/html', html, html)),
  markdown: (markdown: string) => show(bundle('text/markdown', markdown, markdown)),
  svg: (svg: string) => show(bundle('image/svg+xml', svg, '<svg>')),
  image: (bytes: Uint8Array, options: ImageOptions = {}) => show(imageBundle(bytes, options)),
  json: (value: unknown) => showJson(value),
  vega: (spec: object) => showChart(asJson(spec, 'the chart') as object),
  clear: (wait = false) => displayTarget()?.clear(wait),
});

/** The handles that `display` returned. They are not shown as a cell's result. */
const given = new WeakSet<object>();

/** True for the handle of something that was shown already. */
export function isShown(value: unknown): boolean {
  return typeof value === 'object' && value !== null && given.has(value);
}

function shown<T extends object>(value: T): T {
  given.add(value);
  return value;
}

const coloured = (value: unknown): MimeBundle | Promise<MimeBundle> =>
  bundleOf(value, { colors: displayTarget()?.colors === 'all' });

/** If `make` returns the bundle at once, calls `use` at once too, so that later output appears below it. */
function then<T>(
  make: (value: unknown) => MimeBundle | Promise<MimeBundle>,
  value: unknown,
  use: (bundle: MimeBundle) => T,
): Promise<T> {
  try {
    const made = make(value);
    return made instanceof Promise ? made.then(use) : Promise.resolve(use(made));
  } catch (error) {
    return Promise.reject(error as Error);
  }
}

function show(first: MimeBundle): DisplayHandle {
  const id = newDisplayId();
  const output = displayTarget();
  let latest = first;
  const put = (bundle: MimeBundle, update: boolean): void => {
    latest = bundle;
    output?.display(bundle, update ? { displayId: id, update } : { displayId: id });
    // The chart is shown at once. Its picture is added when it is ready, unless the display was updated meanwhile.
    void withPicture(bundle)?.then((pictured) => {
      if (pictured !== undefined && latest === bundle) output?.display(pictured, { displayId: id, update: true });
    });
  };
  put(first, false);
  return shown({ id, update: (value: unknown) => shown(then(coloured, value, (next) => put(next, true))) });
}

function showJson(value: unknown): DisplayHandle {
  const content = asJson(value, 'the value');
  return show(bundle('application/json', content, JSON.stringify(content)));
}

const showChart = (spec: object): DisplayHandle =>
  show(withShownCharts(bundle(chartType(spec) ?? 'application/vnd.vegalite.v5+json', spec, '<chart>')));

function bundle(type: string, content: unknown, text: string): MimeBundle {
  return { data: { [type]: content, 'text/plain': text }, metadata: {} };
}

function imageBundle(bytes: Uint8Array, options: ImageOptions): MimeBundle {
  const type = imageType(bytes);
  if (type === undefined) throw NotAnImage({ length: bytes.length });
  return { data: { [type]: base64(bytes), 'text/plain': `<${type}, ${bytes.length} bytes>` }, metadata: { [type]: options } };
}
