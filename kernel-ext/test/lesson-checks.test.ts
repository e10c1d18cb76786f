/** Tests of the checks of exercises: each says what came and what was expected, whatever a learner's cell does. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, describe, it } from 'node:test';
import { TestNotebook } from './session-harness.js';

interface Exercise {
  readonly lesson: string;
  /** Code that runs before, or the ids of cells. */
  readonly before: readonly string[];
  /** Ids of the learner's cell and of the check. */
  readonly cell: string;
  readonly check: string;
  /** What the learner writes in place of the cell (`null`: leaves it as it is), and what the check prints then. */
  readonly tries: Readonly<Record<string, readonly [code: string | null, prints: RegExp]>>;
}

const LONG = 'a reason that is told whole '.repeat(40);

const scorer = (body: string, options = "{ name: 'scorer', routePrefix: '/scorer' }"): string =>
  `const Scorer = serve.deployment(class Scorer {
  async fetch(request: Request): Promise<any> { ${body} }
});
await serve.run(Scorer.bind(), ${options});`;

const mirror = (transform: string, answer: string): string =>
  `const Mirror = serve.deployment(class Mirror {
  transform(image: Pixels): any { ${transform} }
  async fetch(request: Request): Promise<any> { ${answer} }
});
await serve.run(Mirror.bind(), { name: 'mirror', routePrefix: '/mirror' });`;

const split = (weights: string, options: string): string =>
  `await serve.traffic('/classify', null);\nawait serve.traffic('/classify', ${weights}, ${options});`;

/** Two predictions, one of which is wrong, in place of those of the model. */
const RESULTS = `interface Result { path: string; predicted_label: number; ground_truth_label: number }
const results = data.fromItems<Result>([
  { path: 'a', predicted_label: 5, ground_truth_label: 3 }, { path: 'b', predicted_label: 3, ground_truth_label: 3 },
]);`;

const EXERCISES: readonly Exercise[] = [
  {
    lesson: '08-mnist-data',
    before: ['cell-03', 'cell-05', RESULTS],
    cell: 'cell-39',
    check: 'cell-41',
    tries: {
      'nothing done': [null, /^✖ the pairs.*\n {4}expected 3 5 1\n[\s\S]*got the columns path, predicted_label/],
      'an empty cell': ['const confusions = undefined;', /got TypeError/],
      'the right ones too': [
        "const confusions = results.groupby('ground_truth_label', 'predicted_label').count();",
        /got 3 3 1\n/,
      ],
      'a wrong column': ["const confusions = results.groupby('label' as any).count();", /got .*no column label/],
    },
  },
  {
    lesson: '08-mnist-data',
    before: ['cell-03', 'cell-05', RESULTS, 'cell-39', 'cell-41'],
    cell: 'cell-45',
    check: 'cell-47',
    tries: {
      'nothing done': [null, /^✖ the ink of each digit\n {4}expected 0 0\.1516\n[\s\S]*got 0 0\.0000/],
      'an error': [
        `const addInk = (batch: Batch<ImageRow>): { label: number[]; ink: number[] } => { throw new Error('no ink'); };
const ink = ds.mapBatches(addInk).groupby('label').mean('ink');`,
        /got Error: no ink/,
      ],
      'no columns': [
        'const ink = ds.mapBatches((batch) => batch.path.length as any);',
        /got .*NBS_BATCH_INVALID|got NbserveError: mapBatches/,
      ],
    },
  },
  {
    lesson: '10-serving-challenges',
    before: [],
    cell: 'cell-12',
    check: 'cell-14',
    tries: {
      'an empty cell': ['', /^✖ expected an application scorer under \/scorer\n {4}got .*no cluster runs/],
      'nothing done': [null, /expected \{ "prediction": 22\.5 \}\n {4}got {6}status 200, \{"prediction":0\}/],
      'no body': [scorer('return undefined;'), /got {6}status 204, no content type, \(no body\)/],
      'no JSON': [scorer('return "22.5";'), /got {6}status 200, text\/plain; charset=utf-8, 22\.5/],
      NaN: [scorer('return { prediction: NaN };'), /NBS_NO_JSON_FORM: .*prediction of the answer is NaN/],
      'an error': [
        scorer(`throw new Error(${JSON.stringify(`${LONG}end`)});`),
        new RegExp(`Error: ${LONG}end\n {4}at Scorer.fetch`),
      ],
      'another name': [
        `await serve.delete('scorer');\n${scorer('return 1;', "{ name: 'Scorer', routePrefix: '/scorer' }")}`,
        /got Scorer under \/scorer\n/,
      ],
    },
  },
  {
    lesson: '10-serving-challenges',
    before: [
      'cell-14',
      `const Version = serve.deployment(class Version {
  constructor(private readonly version: string) {}
  fetch() { return { version: this.version }; }
});
await serve.run(Version.bind('v1'), { name: 'v1', routePrefix: '/classify' });
await serve.run(Version.bind('v2'), { name: 'v2', routePrefix: null });`,
    ],
    cell: 'cell-35',
    check: 'cell-37',
    tries: {
      'nothing done': [
        null,
        /^ {2}\/classify is divided between no versions\n✖ .*\n {4}expected .*\n {4}got {6}200 × v1\n\nNot yet/,
      ],
      'no stickyBy': [split('{ v1: 3, v2: 1 }', '{}'), /✖ who sees two versions\n {4}expected nobody\n {4}got {6}\d+ of 200/],
      'the wrong way round': [
        split('{ v1: 1, v2: 3 }', "{ stickyBy: { header: 'x-user' } }"),
        /✖ what 200 users get\n {4}expected about 50/,
      ],
    },
  },
  {
    lesson: '05-images',
    before: ["import type { Pixels } from 'nbserve/onnx';"],
    cell: 'cell-40',
    check: 'cell-42',
    tries: {
      'nothing done': [null, /expected status 415\n {4}got {6}status 200, text\/plain; charset=utf-8, not yet/],
      'no picture': [
        mirror('return NaN;', 'return new Response(null);'),
        /got {6}NaN\n.*\n.*\n {4}got {6}status 200, no content type, \(no body\)/,
      ],
      'an error': [
        mirror(`throw new Error('${LONG}');`, 'return this.transform({} as Pixels);'),
        new RegExp(`Error: ${LONG}\n {4}at Mirror`),
      ],
    },
  },
];

for (const { lesson, before, cell, check, tries } of EXERCISES)
  describe(`the check ${check} of ${lesson}`, () => {
    const notebook = new TestNotebook();
    after(() => notebook.close());
    const file = new URL(`../../notebooks/${lesson}.ipynb`, import.meta.url);
    const { cells } = JSON.parse(readFileSync(file, 'utf8')) as { cells: readonly { id: string; source: readonly string[] }[] };
    const codeOf = (id: string): string => cells.find((each) => each.id === id)?.source.join('') ?? id;
    let prepared = false;

    for (const [name, [code, prints]] of Object.entries(tries))
      it(`says what came of: ${name}`, async () => {
        if (!prepared) for (const id of before) await notebook.value(codeOf(id));
        prepared = true;
        await notebook.value(code ?? codeOf(cell));
        const { outcome, text } = await notebook.run(codeOf(check));
        assert.equal(outcome.status, 'ok', text());
        assert.match(text(), prints);
        assert.match(text(), /\nNot yet\. Change your cell above/);
        assert.doesNotMatch(text(), name === 'nothing done' ? /✔|Well done/ : /Well done/);
      });
  });
