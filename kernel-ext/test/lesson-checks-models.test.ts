/** Tests of the checks of exercises in lessons with models, in whose place are stand-ins that take no time. */
import { LONG, tryExercises } from './lesson-tries.js';

/** A chat that answers with what it was told. */
const CHAT = `import type { ChatMessage } from 'nbserve/text';
const modelFolder = '';
const Chat = serve.deployment(class Chat {
  constructor(private readonly folder: string) {}
  async getResponse(message: string | ChatMessage[]) {
    return 'heard ' + (typeof message === 'string' ? message : message.map(({ role, content }) => role[0] + ':' + content).join(', '));
  }
});
const ChatHere = Chat;
const chat = await serve.run(Chat.bind(modelFolder), { name: 'chat', routePrefix: '/chat' });
import type { DeploymentHandle } from 'nbserve';`;
const memory = (body: string, more = ''): string =>
  `const Memory = serve.deployment(class Memory {
  private readonly chats = new Map<any, any>();
  ${more}
  constructor(private readonly chat: DeploymentHandle<typeof Chat>) {}
  async fetch(request: Request): Promise<any> { ${body} }
});
await serve.run(Memory.bind(Chat.bind(modelFolder)), { name: 'memory', routePrefix: '/memory' });`;
/** The solution, with a list of messages and what is kept of them. */
const remember = (messages: string, kept: string, guard = 'if (!input || !id) return new Response(null, { status: 400 });') =>
  memory(`const { id, input } = Object(await request.json());
    ${guard}
    const before = this.chats.get(id) ?? [];
    const messages: ChatMessage[] = ${messages};
    const result = await this.chat.getResponse.remote(messages);
    this.chats.set(id, ${kept});
    return { result };`);
const ALL = "[...before, { role: 'user', content: input }]";
const WITH_ANSWER = "[...messages, { role: 'assistant', content: result }]";

/** A classifier that looks for words. */
const SENTIMENT = `const modelFolder = '';
class Words {
  asked = 0;
  async classify(texts: string[]) {
    if (!Array.isArray(texts) || texts.length === 0 || !texts.every((text) => typeof text === 'string')) throw new TypeError('the model takes texts');
    return texts.map((text) => ({ label: /happy|great|love/.test(text) ? 'POSITIVE' : 'NEGATIVE', score: 1 }));
  }
}
const loadEncoderModel = async (_: string) => new Words();
const model = await loadEncoderModel(modelFolder);`;
const tone = (body: string): string =>
  `const Tone = serve.deployment(class Tone {
  private readonly model = loadEncoderModel(modelFolder);
  async fetch(request: Request): Promise<any> { ${body} }
});
await serve.run(Tone.bind(), { name: 'tone', routePrefix: '/tone' });`;
const COUNTED = `const answers = await (await this.model).classify(texts);
    const positive = answers.filter(({ label }: any) => label === 'POSITIVE').length;`;
const GUARD =
  "if (!Array.isArray(texts) || texts.length === 0 || texts.some((text: any) => typeof text !== 'string')) return new Response(null, { status: 400 });";

/** The parts of the service of lesson 09, whose sureness is the brightness of a digit; that of digit 450 is 194. */
const DIGITS = `const sureness = (first: number) => (first === 194 ? 0.93 : first % 2 === 0 ? 0.5 : 0.99);
import type { DeploymentHandle } from 'nbserve';
const images = Array.from({ length: 1000 }, (_, i) => new Uint8Array(784).fill(i % 256));
const digitPng = (image: Uint8Array) => image.slice();
const percent = (value: number) => (value * 100).toFixed(1) + ' %';
const showDigits = (..._: unknown[]) => '';
const display = async (_: unknown) => {};
const OnlineMNISTPreprocessor = serve.deployment(class OnlineMNISTPreprocessor { async run(upload: Uint8Array) { return upload[0]; } });
const OnlineMNISTClassifier = serve.deployment(class OnlineMNISTClassifier {
  async predict(first: number) {
    const highest = sureness(first);
    const data = new Float32Array(10).fill((1 - highest) / 9);
    data[first % 10] = highest;
    return { predicted_label: [first % 10], probabilities: { data } };
  }
});
const parts = [OnlineMNISTPreprocessor.bind(), OnlineMNISTClassifier.bind()] as const;
const upload = async (body: Uint8Array): Promise<any> => {
  const first = body[0];
  const highest = sureness(first);
  return Response.json({ predicted_label: first % 10, probabilities: [highest] });
};`;
const careful = (body: string, options = "{ name: 'careful', routePrefix: '/careful' }"): string =>
  `const CarefulIngress = serve.deployment(class CarefulIngress {
  constructor(
    private readonly preprocessor: DeploymentHandle<typeof OnlineMNISTPreprocessor>,
    private readonly classifier: DeploymentHandle<typeof OnlineMNISTClassifier>,
  ) {}
  async fetch(request: Request): Promise<any> {
    const batch = this.preprocessor.run.remote(new Uint8Array(await request.arrayBuffer()));
    const { predicted_label, probabilities } = await this.classifier.predict.remote(batch as any);
    ${body}
  }
});
await serve.run(CarefulIngress.bind(...parts), ${options});`;
const sureBy = (test: string): string => careful(`return { predicted_label: ${test} ? predicted_label[0] : 'not sure' };`);

tryExercises([
  {
    lesson: '03-chat',
    before: [CHAT],
    cell: 'cell-29',
    check: 'cell-31',
    tries: {
      'an empty cell': ['', /✖ expected an application memory under \/memory/],
      'nothing done': [null, /✖ chat a: "What is my name\?"\n {4}expected status 200, .*a:heard u:My name is Ada/],
      'only the questions are kept': [remember(ALL, 'messages'), /✖ chat a: "What is my name\?"/],
      'one memory for all': [
        remember(ALL, WITH_ANSWER).replaceAll('get(id)', "get('')").replaceAll('set(id,', "set('',"),
        /✖ chat b: "My name is Bob\."/,
      ],
      'in the wrong order': [
        remember("[{ role: 'user', content: input }, ...before]", WITH_ANSWER),
        /✖ chat a: "What is my name\?"/,
      ],
      'the answer as the user': [
        remember(ALL, "[...messages, { role: 'user', content: result }]"),
        /✖ chat a: "What is my name\?"/,
      ],
      'two at once do not wait': [
        remember(ALL, WITH_ANSWER).replace('const result', 'await new Promise((go) => setTimeout(go, 500)); const result'),
        /✖ two messages of one chat at the same time\n {4}expected .*\n {4}got {6}.*heard u:I like the sea\.".*heard u:I like the hills\."/,
      ],
      'no look at the input': [remember(ALL, WITH_ANSWER, ''), /✖ \{"id":"c-\d+"\}\n {4}expected status 400/],
      'an empty input is taken': [
        remember(ALL, WITH_ANSWER, 'if (input === undefined || !id) return new Response(null, { status: 400 });'),
        /✖ \{"id":"c-\d+","input":""\}\n {4}expected status 400/,
      ],
      'a chat without an id': [
        remember(ALL, WITH_ANSWER, 'if (!input) return new Response(null, { status: 400 });'),
        /✖ \{"input":"Hello\."\}\n {4}expected status 400\n {4}got {6}status 200, [\s\S]*✖ \{"id":"","input":"Hello\."\}/,
      ],
      'another status': [
        remember(ALL, WITH_ANSWER).replace('status: 400', 'status: 422'),
        /✖ \{"id":"c-\d+"\}\n {4}expected status 400\n {4}got {6}status 422/,
      ],
      'no body': [memory('await request.text();'), /got {6}status 204, no content type, \(no body\)/],
      'an error': [memory(`throw new Error('${LONG}end');`), new RegExp(`Error: ${LONG}end`)],
    },
  },
  {
    lesson: '04-sentiment',
    before: [SENTIMENT],
    cell: 'cell-37',
    check: 'cell-39',
    tries: {
      'an empty cell': ['', /✖ expected an application tone under \/tone/],
      'nothing done': [
        null,
        /✖ \["I am happy","I am sad"\]\n {4}expected .*\n {4}got {6}status 200, \{"positive":0,"negative":0\}/,
      ],
      'no look at the list': [
        tone(`const texts = await request.json(); ${COUNTED} return { positive, negative: texts.length - positive };`),
        /✖ \[\]\n {4}expected status 400\n {4}got {6}status 500/,
      ],
      'only lists are looked for': [
        tone(`const texts = await request.json(); if (!Array.isArray(texts)) return new Response(null, { status: 400 }); ${COUNTED}
          return { positive, negative: texts.length - positive };`),
        /✖ \[1\]\n {4}expected status 400\n {4}got {6}status 500/,
      ],
      'only the first text is looked at': [
        tone(
          `const texts = await request.json(); if (typeof texts?.[0] !== 'string') return new Response(null, { status: 400 });
          ${COUNTED} return { positive, negative: texts.length - positive };`,
        ),
        /✖ \["I am happy",1\]\n {4}expected status 400\n {4}got {6}status 500/,
      ],
      'status 422': [
        tone(
          `const texts = await request.json(); ${GUARD.replace('400', '422')} ${COUNTED} return { positive, negative: texts.length - positive };`,
        ),
        /✖ \[\]\n {4}expected status 400\n {4}got {6}status 422/,
      ],
      'the wrong way round': [
        tone(
          `const texts = await request.json(); ${GUARD} ${COUNTED} return { negative: positive, positive: texts.length - positive };`,
        ),
        /✖ \["What a great idea!"/,
      ],
      'the first text alone': [
        tone(
          `const all = await request.json(); const texts = all.slice(0, 1); ${COUNTED} return { positive, negative: 1 - positive };`,
        ),
        /✖ \["I am happy","I am sad"\]/,
      ],
      texts: [
        tone(`const texts = await request.json(); ${GUARD} ${COUNTED} return { positive: String(positive), negative: '1' };`),
        /got {6}status 200, \{"positive":"1","negative":"1"\}/,
      ],
      NaN: [tone('return { positive: NaN, negative: NaN };'), /NBS_NO_JSON_FORM/],
      'the labels': [
        tone(`const texts = await request.json(); ${GUARD} return (await this.model).classify(texts);`),
        /got {6}status 200, \[\{"label":"POSITIVE"/,
      ],
      'an error': [tone(`throw new RangeError('${LONG}end');`), new RegExp(`RangeError: ${LONG}end`)],
    },
  },
  {
    lesson: '09-mnist-serve',
    before: [DIGITS],
    cell: 'cell-63',
    check: 'cell-65',
    tries: {
      'an empty cell': ['', /✖ expected an application careful under \/careful/],
      'nothing done': [
        null,
        /✖ digit 0, at most 50\.0 %\n {4}expected predicted_label "not sure"\n {4}got {6}status 200, \{"predicted_label":0\}/,
      ],
      'the wrong way round': [
        sureBy('Math.max(...probabilities.data) < 0.9'),
        /✖ digit 0.*\n.*\n {4}got {6}status 200, \{"predicted_label":0\}/,
      ],
      'the first probability': [sureBy('probabilities.data[1] < 0.9'), /✖ digit/],
      'the object, not its data': [sureBy('Math.max(...(probabilities as any)) >= 0.9'), /TypeError: .*(iterable|Symbol)/],
      percent: [
        sureBy('Math.max(...probabilities.data) >= 90'),
        /✖ digit 359.*\n {4}expected predicted_label \d\n {4}got {6}.*not sure/,
      ],
      'too low a threshold': [sureBy('Math.max(...probabilities.data) >= 0.5'), /✖ digit 0, at most 50\.0 %/],
      'too high a threshold': [
        sureBy('Math.max(...probabilities.data) >= 0.95'),
        /✖ digit 450, at most 93\.0 %\n {4}expected predicted_label 4\n {4}got {6}.*not sure/,
      ],
      'other words': [
        careful("return { predicted_label: Math.max(...probabilities.data) >= 0.9 ? predicted_label[0] : 'unsure' };"),
        /got {6}status 200, \{"predicted_label":"unsure"\}/,
      ],
      'the list of labels': [careful('return { predicted_label };'), /got {6}status 200, \{"predicted_label":\[0\]\}/],
      'never sure': [careful("return { predicted_label: 'not sure' };"), /✖ digit 359.*\n {4}expected predicted_label \d/],
      'no body': [careful('return undefined;'), /got {6}status 204, no content type, \(no body\)/],
      'an error': [careful(`throw new Error('${LONG}end');`), new RegExp(`Error: ${LONG}end`)],
    },
    right: {
      'no Math.max': sureBy('[...probabilities.data].some((each) => each >= 0.9)'),
    },
  },
]);
