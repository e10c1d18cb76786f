import type { MimeBundle } from './bundle.js';
import { importPackage } from './target.js';

/** The versions that JupyterLab 4 and VS Code draw. Later versions get the newest of them, because a specification of version 6 is valid in version 5. */
const SHOWN = { vega: { oldest: 5, newest: 5 }, vegalite: { oldest: 3, newest: 5 } } as const;

type Language = keyof typeof SHOWN;

/** How long drawing may take: a data set at a slow address must not delay the cell. */
const PICTURE_MS = 5_000;
/** The largest picture, in UTF-16 units: Jupyter's server limits a kernel's messages to about 1 MB/s. */
const PICTURE_UNITS = 1_000_000;

/** The pictures that are being drawn. */
const underWay = new Set<Promise<unknown>>();

/** The MIME type of a chart, by the value's `$schema`; undefined if it is not a chart. */
export function chartType(value: object): string | undefined {
  const { $schema } = value as { $schema?: unknown };
  const found = typeof $schema === 'string' ? /\/schema\/(vega|vega-lite)\/v(\d+)/.exec($schema) : null;
  return found === null ? undefined : `application/vnd.${found[1] === 'vega' ? 'vega' : 'vegalite'}.v${found[2]}+json`;
}

/** The bundle with its charts in versions that front ends show. */
export function withShownCharts(bundle: MimeBundle): MimeBundle {
  const charts = Object.keys(bundle.data).flatMap((type) => chartIn(type) ?? []);
  if (charts.every(({ version, shown }) => version === shown)) return bundle;
  const data: Record<string, unknown> = {};
  for (const [type, content] of Object.entries(bundle.data)) {
    const chart = chartIn(type);
    if (chart === undefined) data[type] = content;
    else data[`application/vnd.${chart.language}.v${chart.shown}+json`] = inVersion(chart.shown, content);
  }
  return { ...bundle, data };
}

/**
 * The bundle with a picture of its chart, for readers that draw no charts: exported pages, GitHub. The packages `vega` and `vega-lite` of the notebook's
 * folder draw it. Undefined if there is no chart, if there is a picture already, or if the packages are not installed.
 */
export function withPicture(bundle: MimeBundle): Promise<MimeBundle | undefined> | undefined {
  const { data } = bundle;
  if ('image/svg+xml' in data || 'image/png' in data) return undefined;
  const [found] = Object.entries(data).flatMap(([type, spec]) => {
    const language = chartIn(type)?.language;
    return language === undefined || typeof spec !== 'object' || spec === null ? [] : [{ language, spec }];
  });
  if (found === undefined) return undefined;
  const picture = inTime(draw(found.language, found.spec)).then(
    (svg) =>
      svg === undefined || svg.length > PICTURE_UNITS ? undefined : { ...bundle, data: { ...data, 'image/svg+xml': svg } },
    // If the chart is wrong, the front end that draws it says so.
    () => undefined,
  );
  underWay.add(picture);
  void picture.then(() => underWay.delete(picture));
  return picture;
}

/** Resolves when all pictures that were begun are drawn or have failed; undefined if there are none. */
export function picturesDrawn(): Promise<void> | undefined {
  return underWay.size === 0 ? undefined : allDrawn();
}

async function allDrawn(): Promise<void> {
  while (underWay.size > 0) await Promise.all(underWay);
}

interface Vega {
  parse(spec: object): object;
  View: new (runtime: object, options: object) => { toSVG(): Promise<string>; finalize(): void };
}

interface VegaLite {
  compile(spec: object, options: object): { spec: object };
}

async function draw(language: Language, spec: object): Promise<string> {
  const vega = (await importPackage('vega')) as Vega;
  const compiled =
    language === 'vega' ? spec : ((await importPackage('vega-lite')) as VegaLite).compile(spec, { logger: SILENT }).spec;
  const view = new vega.View(vega.parse(compiled), { renderer: 'none', logger: SILENT });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

/** A logger without output: the front end shows what Vega says about the chart. */
const SILENT = { level: () => SILENT, error: () => SILENT, warn: () => SILENT, info: () => SILENT, debug: () => SILENT };

async function inTime<T>(work: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), PICTURE_MS);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

function chartIn(type: string): { language: Language; version: number; shown: number } | undefined {
  const found = /^application\/vnd\.(vega|vegalite)\.v(\d+)(?:\.[\d.]+)?\+json$/.exec(type);
  if (found === null) return undefined;
  const [language, version] = [found[1] as Language, Number(found[2])];
  const { oldest, newest } = SHOWN[language];
  return { language, version, shown: Math.min(Math.max(version, oldest), newest) };
}

function inVersion(version: number, spec: unknown): unknown {
  if (typeof spec !== 'object' || spec === null || typeof (spec as { $schema?: unknown }).$schema !== 'string') return spec;
  const { $schema } = spec as { $schema: string };
  return { ...spec, $schema: $schema.replace(/(\/schema\/vega(?:-lite)?\/)v[\d.]+?(?=\.json|$)/, `$1v${version}`) };
}
