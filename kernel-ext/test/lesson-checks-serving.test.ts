/** Tests of the checks of exercises in lessons on serving. */
import { LONG, tryExercises } from './lesson-tries.js';

const scorer = (body: string, options = "{ name: 'scorer', routePrefix: '/scorer' }"): string =>
  `const Scorer = serve.deployment(class Scorer {
  async fetch(request: Request): Promise<any> { ${body} }
});
await serve.run(Scorer.bind(), ${options});`;

const split = (weights: string, options: string): string =>
  `await serve.traffic('/classify', null);\nawait serve.traffic('/classify', ${weights}, ${options});`;

const loan = (body: string, options = "{ name: 'loan', routePrefix: '/loan' }"): string =>
  `const Loan = serve.deployment(class Loan {
  async fetch(request: Request): Promise<any> { ${body} }
});
await serve.run(Loan.bind(), ${options});`;

const NO_VALUE =
  'const value = Number(request.query.value || NaN); if (!Number.isFinite(value)) return new Response(null, { status: 400 });';

/** The four services of lesson 10 in one cell, of which some do what is given here, and the others what they should. What runs already is not deployed again. */
const four = (bodies: { square?: string; reverse?: string; average?: string; latest?: string }): string => {
  const {
    square = 'const x = Number(request.query.x || NaN); return Number.isFinite(x) ? { square: x * x } : new Response(null, { status: 400 });',
    reverse = "return { text: [...request.query.text].reverse().join('') };",
    average = `${NO_VALUE} this.count += 1; this.sum += value; return { count: this.count, mean: this.sum / this.count };`,
    latest = 'const { before } = this; this.before = request.query.text; return { before };',
  } = bodies;
  const deploys = Object.entries({ square, reverse, Average: average, Latest: latest }).map(
    ([name, body]) =>
      `if (served.${name} !== ${JSON.stringify(body)}) { await ${name}.deploy(); served.${name} = ${JSON.stringify(body)}; }`,
  );
  return `const square = serve.deployment(async function square(request: Request): Promise<any> { ${square} });
const reverse = serve.deployment(async function reverse(request: Request): Promise<any> { ${reverse} });
const Average = serve.deployment(class Average { count = 0; sum = 0; fetch(request: Request): any { ${average} } });
const Latest = serve.deployment(class Latest { before: string | null = null; fetch(request: Request): any { ${latest} } });
const served = ((globalThis as any).served ??= {});
${deploys.join('\n')}`;
};

tryExercises([
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
      'an error with a cause': [
        scorer("throw new Error('no score', { cause: new RangeError('too old') });"),
        /Error: no score\n {4}at Scorer\.fetch.*\nCaused by: RangeError: too old\n/,
      ],
      'an answer without an end': [
        scorer(
          "return new Response(new ReadableStream({ pull: (to) => to.enqueue(new TextEncoder().encode('x'.repeat(1e6))) }));",
        ),
        /got {6}status 200, and the answer does not end: \d+ bytes came\n {2}The check ends here, because no whole answer came\./,
      ],
      'values are texts': [scorer('return { prediction: String(0.5 * 43 + 1) };'), /got {6}status 200, \{"prediction":"22\.5"\}/],
      'a list of values': [scorer('const [a, b] = await request.json(); return { prediction: a + b };'), /TypeError: .*iterable/],
      'no check of the values': [
        scorer(
          'const values = Object.values<number>(await request.json()); return { prediction: 0.5 * values.reduce((a, b) => a + b, 0) + 1 };',
        ),
        /✖ \{"age":"old"\}\n {4}expected status 400/,
      ],
      'numbers as texts are taken': [
        scorer(
          'const values = Object.values(await request.json()).map(Number); return values.every(Number.isFinite) ? { prediction: 0.5 * values.reduce((a, b) => a + b, 0) + 1 } : new Response(null, { status: 400 });',
        ),
        /✖ \{"age":"40"\}\n {4}expected status 400\n[\s\S]*✖ \{"age":true\}/,
      ],
      'numbers and lists are taken': [
        scorer(
          'const body = await request.json(); const values = Object.values<number>(Object(body)); return body !== null && values.every(Number.isFinite) ? { prediction: 0.5 * values.reduce((a, b) => a + b, 0) + 1 } : new Response(null, { status: 400 });',
        ),
        /✖ 5\n {4}expected status 400\n {4}got {6}status 200, \{"prediction":1\}\n✖ \[40,3\]/,
      ],
      'everything is refused': [scorer('return new Response(null, { status: 400 });'), /got {6}status 400/],
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
        /^✖ the shares of \/classify\n.*\n {4}got {6}no versions\n✖ .*\n {4}expected .*\n {4}got {6}200 × v1\n\nNot yet/,
      ],
      'no stickyBy': [split('{ v1: 3, v2: 1 }', '{}'), /✖ who sees two versions\n {4}expected nobody\n {4}got {6}\d+ of 200/],
      'half of each': [
        split('{ v1: 1, v2: 1 }', "{ stickyBy: { header: 'x-user' } }"),
        /✖ what 200 users get\n {4}expected about 50/,
      ],
      'one version alone': [split('{ v1: 1, v2: 0 }', "{ stickyBy: { header: 'x-user' } }"), /got {6}200 × v1/],
      'the new one alone': [split('{ v1: 0, v2: 1 }', "{ stickyBy: { header: 'x-user' } }"), /got {6}200 × v2/],
      'another header': [
        split('{ v1: 3, v2: 1 }', "{ stickyBy: { header: 'x-session' } }"),
        /✖ who sees two versions\n {4}expected nobody|✖ what 200 users get/,
      ],
      'a cookie': [
        split('{ v1: 3, v2: 1 }', "{ stickyBy: { cookie: 'user' } }"),
        /✖ who sees two versions\n {4}expected nobody|✖ what 200 users get/,
      ],
      'a tenth': [split('{ v1: 9, v2: 1 }', "{ stickyBy: { header: 'x-user' } }"), /✖ what 200 users get\n {4}expected about 50/],
      'a third': [
        split('{ v1: 2, v2: 1 }', "{ stickyBy: { header: 'x-user' } }"),
        /✖ the shares of \/classify\n {4}expected v1 75 %, v2 25 %\n {4}got {6}v1 66\.7 %, v2 33\.3 %\n/,
      ],
      'a split that was taken back': ["await serve.traffic('/classify', null);", /got {6}no versions/],
      'the wrong way round': [
        split('{ v1: 1, v2: 3 }', "{ stickyBy: { header: 'x-user' } }"),
        /✖ what 200 users get\n {4}expected about 50/,
      ],
    },
  },
  {
    lesson: '02-hello-serve',
    before: ['cell-35'],
    cell: 'cell-37',
    check: 'cell-39',
    tries: {
      'an empty cell': ['', /✖ expected an application loan under \/loan\n {4}got .*no cluster runs/],
      'nothing done': [null, /expected a monthlyPayment of 508\.91\n {4}got {6}status 200, \{"monthlyPayment":0\}/],
      'no return': [loan('await request.json();'), /got {6}status 204, no content type, \(no body\)/],
      'the number alone': [loan('return 508.91;'), /got {6}status 200, .*508\.91/],
      'a text': [loan("return { monthlyPayment: '508.91' };"), /got {6}status 200, \{"monthlyPayment":"508\.91"\}/],
      'another name': [loan('return { payment: 508.91 };'), /got {6}status 200, \{"payment":508\.91\}/],
      'always the same': [loan('return { monthlyPayment: 508.91 };'), /expected a monthlyPayment of 614\.26/],
      'names that are not in the body': [
        loan(
          'const { price, rate, years } = await request.json(); return { monthlyPayment: monthlyPayment(price, rate, years) };',
        ),
        /NBS_NO_JSON_FORM: .*NaN/,
      ],
      'the body is not read': [loan('const { rate } = request as any; return { monthlyPayment: rate.of };'), /TypeError/],
      'an error': [loan(`throw new RangeError(${JSON.stringify(`${LONG}end`)});`), new RegExp(`RangeError: ${LONG}end`)],
      'another route': [
        `await serve.delete('loan');\n${loan('return 1;', "{ name: 'loan', routePrefix: '/loans' }")}`,
        /✖ expected an application loan under \/loan\n {4}got loan under \/loans/,
      ],
    },
  },
  {
    lesson: '10-serving-challenges',
    before: ['cell-14'],
    cell: 'more',
    check: 'more-check',
    tries: {
      'nothing done': [null, /✖ \/square\?x=3\n {4}expected \{ "square": 9 \}\n {4}got {6}status 200, \{"square":0\}/],
      'one is not deployed': ["await serve.delete('Latest');", /✖ expected an application Latest under \/Latest/],
      'a square of a text': [four({ square: 'return { square: request.query.x + request.query.x };' }), /\{"square":"33"\}/],
      'no check of the number': [
        four({ square: 'const x = Number(request.query.x); return { square: x * x };' }),
        /✖ \/square\?x=two\n {4}expected status 400\n {4}got {6}status 500, .*NaN/,
      ],
      'an empty text as a number': [
        four({
          square: 'const x = Number(request.query.x); return isNaN(x) ? new Response(null, { status: 400 }) : { square: x * x };',
        }),
        /✖ \/square\?x=\n {4}expected status 400\n {4}got {6}status 200, \{"square":0\}/,
      ],
      'always the same text': [four({ reverse: "return { text: 'cba' };" }), /✖ \/reverse\?text=drawer\n.*"reward"/],
      'the right text as an error': [
        four({ reverse: "return Response.json({ text: [...request.query.text].reverse().join('') }, { status: 500 });" }),
        /✖ \/reverse\?text=abc\n.*\n {4}got {6}status 500/,
      ],
      'the count begins with 1, and the sum with 100': [
        four({
          average: `${NO_VALUE} if (this.count === 0) { this.count = 1; this.sum = 100; } this.count += 1; this.sum += value; return { count: this.count, mean: this.sum / this.count };`,
        }),
        /✖ \/Average\?value=4\n {4}expected a count of 1 and a mean of 4\n {4}got {6}status 200, \{"count":2,"mean":52\}/,
      ],
      'a value that is no number is counted': [
        four({
          average:
            'this.count += 1; this.sum += Number(request.query.value) || 0; return { count: this.count, mean: this.sum / this.count };',
        }),
        /✖ \/Average\?value=two\n {4}expected status 400\n {4}got {6}status 200, \{"count":3,/,
      ],
      'an error for each value': [four({ average: "throw new Error('no mean');" }), /✖ \/Average\?value=4\n.*\n {4}got.*no mean/],
      'an empty text before the first': [
        four({ latest: "const { before } = this; this.before = request.query.text; return { before: before ?? '' };" }),
        /✖ \/Latest\?text=a\n {4}expected \{"before":null\}\n {4}got {6}status 200, \{"before":""\}/,
      ],
      'an error': [four({ square: `throw new Error('${LONG}end');` }), new RegExp(`Error: ${LONG}end`)],
      'the text as it is': [four({ reverse: 'return { text: request.query.text };' }), /✖ \/reverse\?text=abc\n.*\n.*"abc"/],
      'the text alone': [four({ reverse: "return 'cba';" }), /✖ \/reverse\?text=abc\n.*\n.*text\/plain.*cba/],
      'texts are joined': [
        four({
          average:
            'this.count += 1; this.sum = (String(this.sum) + request.query.value) as any; return { count: this.count, mean: this.sum / this.count };',
        }),
        /✖ \/Average\?value=10\n {4}expected a count of 2 and a mean of 7/,
      ],
      'the count never grows': [
        four({ average: 'return { count: 1, mean: Number(request.query.value) };' }),
        /a count of 2 and a mean of 7/,
      ],
      'no state': [
        four({ latest: 'return { before: request.query.text };' }),
        /✖ \/Latest\?text=b\n {4}expected \{"before":"a"\}/,
      ],
      NaN: [four({ average: 'return { count: NaN, mean: NaN };' }), /NBS_NO_JSON_FORM/],
    },
  },
]);
