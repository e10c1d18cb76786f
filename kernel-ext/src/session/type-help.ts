import { builtinModules } from 'node:module';
import type { Diagnostic } from './converter.js';
import { exportsOfOwn, moduleOf, OWN_MODULES } from './importable.js';
import { LIST_METHODS, PYTHON_WORDS, TEXT_METHODS } from './python-words.js';

/** What the type checker complains about, and where. */
export interface Complaint {
  readonly code: number;
  readonly message: string;
  /** The cell's line with the complaint. */
  readonly line: string;
  /** The cell up to the complaint. */
  readonly before: string;
  /** The text that the complaint is about. */
  readonly text: string;
  /** The arguments of the last call of `serve.deployment` that begins before the end of `text`, and what follows them; '' if there is none. */
  readonly deployed: string;
}

/** What is known beside the complaint, as completion says it. */
export interface HelpSources {
  /** Names of the options that `serve.deployment` takes, or of those in one of its options. */
  readonly deploymentOptions: (inside?: string) => readonly string[];
  /** Names that a module exports. */
  readonly exportsOf: (module: string) => readonly string[];
  /** Members of the value of an expression, which begins at this offset in the cell. None, if it was asked before: it takes time. */
  readonly membersOf: (start: number, expression: string) => readonly string[];
}

/**
 * What is known about one cell.
 * @param cell with its magics blanked
 * @param namesBetween what completion offers between two pieces of code
 */
export function helpSources(cell: string, namesBetween: (before: string, after: string) => readonly string[]): HelpSources {
  let isAsked = false;
  return {
    deploymentOptions: (inside) =>
      namesBetween(`serve.deployment(class Any {}, { ${inside === undefined ? '' : `${inside}: { `}`, ''),
    exportsOf: (module) => namesBetween('import { ', ` } from '${module}'`),
    membersOf: (start, expression) => {
      if (isAsked) return [];
      isAsked = true;
      return namesBetween(`${cell.slice(0, start)}(${expression}).`, '');
    },
  };
}

type Rule = (complaint: Complaint, sources: HelpSources) => string | undefined;

const COMMANDS =
  'apt apt-get awk bash brew bun cargo cat cd chmod cp curl deno df docker du echo env find git go grep head htop java kill less ls make mkdir mv node npm npx ' +
  'nvidia-smi open pip pip3 pnpm ps pwd python python3 rm rmdir sed sh sudo tail tar touch tsc uname unzip wc wget which yarn zip';
/** A command with an argument that no expression begins with. */
const SHELL = new RegExp(
  `^\\s*(?:${COMMANDS.replaceAll(' ', '|')})(?:\\s+(?![=(,;:?[+*/]|\\.[^./\\s]|-\\s|&&|\\|\\|)\\S.*|\\s*)$`,
);
const SERVE_LINE = /^\s*(?:nb)?serve\s+(status|list|delete|shutdown|run|start|stop|logs|deploy|build|doctor)\b(?!\s*[.(=])/;

const NOT_FOUND = new Set([2304, 2552, 2580, 2582, 2584, 2591, 2868, 18004]);
/** A line for another program has syntax errors or unknown names. */
const isNoCode = (code: number): boolean => code < 2000 || NOT_FOUND.has(code);
const nameIn = ({ code, message }: Complaint): string | undefined =>
  NOT_FOUND.has(code) ? /(?:name|property) '([^']+)'/.exec(message)?.[1] : undefined;

const IS_PROMISE = /(?:Promise|DeploymentResponse)<.*>/s;
/** `Type 'X' is not assignable …` and its like name the type that was found first. */
const FOUND = /(?:Type|Argument of type|on type|types) '(.*?)'(?: |\.|$)/s;
const isHandle = (message: string): boolean => /'(?:HandleBase|DeploymentHandle)</.test(message);
const AWAIT = 'it is a promise: write await in front of it';
const EXPECTED_APPLICATION = /to parameter of type 'Application<|from type 'Application</;

/** The usual mistakes, the surest first. Each says in one line what would be right. */
const RULES: Readonly<Record<string, Rule>> = {
  'a shell line': ({ code, line }) =>
    isNoCode(code) && SHELL.test(line) ? `a line for the shell begins with !, as in !${line.trim()}` : undefined,
  'a magic in a function that is not async': ({ code, line, before }) =>
    code === 1308 && /^[!%]/.test(line.slice(before.length - before.lastIndexOf('\n') - 1))
      ? 'a line with ! or % waits for its end, so its function must be async, and be called with await'
      : undefined,
  'a line of nbserve': ({ code, line }) => {
    const verb = isNoCode(code) ? SERVE_LINE.exec(line)?.[1] : undefined;
    if (verb === undefined) return undefined;
    const isMagic = /^(?:status|list|delete|shutdown)$/.test(verb);
    const rest = line.trim().replace(/^(?:nb)?serve/, '');
    return isMagic ? `that is a magic: %serve${rest}` : `that is a command: !nbserve${rest}`;
  },
  'an import of Python': ({ line }) => {
    const [, module, names] = /^\s*from\s+([\w.]+)\s+import\s+(.+?)\s*$/.exec(line) ?? [];
    if (module !== undefined && names !== undefined) return `an import is written import { ${names} } from '${module}'`;
    const [, whole, name] = /^\s*import\s+([\w.]+)\s+as\s+(\w+)\s*$/.exec(line) ?? [];
    return whole === undefined ? undefined : `an import is written import * as ${name} from '${whole}'`;
  },
  'a block of Python': ({ code, line }) =>
    code < 2000 && /^\s*(?:def|elif|if|for|while|class|try|except|else|with)\b[^{]*:\s*(?:#.*|\w.*)?$/.test(line)
      ? 'a block stands in braces, and a condition in brackets: if (x > 1) { … }'
      : undefined,
  'a word of Python': (complaint) => {
    const name = nameIn(complaint) ?? (complaint.code === 1434 ? complaint.text : undefined);
    const said = name !== undefined && Object.hasOwn(PYTHON_WORDS, name) ? PYTHON_WORDS[name] : undefined;
    return said === undefined ? undefined : `TypeScript writes ${said} for ${name}`;
  },
  'return in a cell': ({ code }) =>
    code === 1108 ? 'a cell shows the value of its last expression: write it without return' : undefined,
  'serve.run of a deployment without bind': ({ message, text }) =>
    EXPECTED_APPLICATION.test(message) && /'Deployment</.test(message)
      ? `serve.run takes an application: ${text === '' ? 'Deployment' : text}.bind(…), with the arguments of the constructor`
      : undefined,
  'serve.run of a class': ({ message, text }) =>
    EXPECTED_APPLICATION.test(message)
      ? `serve.run takes an application: serve.deployment(${/^[\w$]+$/.test(text) ? text : 'Class'}).bind(…)`
      : undefined,
  'a method without remote': ({ code, message, before, text }) => {
    if (code !== 2349 || !/'RemoteMethod</.test(message)) return undefined;
    const handle = /[\w$]+\s*\.\s*$/.exec(before)?.[0] ?? '';
    return `a method of a handle is called by .remote: ${handle}${text}.remote(…)`;
  },
  'a handle without remote': ({ code, message, text }) =>
    code === 2349 && isHandle(message)
      ? `a handle is called by .remote: ${text}.remote(…), or ${text}.method.remote(…)`
      : undefined,
  'fetch of a handle': ({ code, message }) =>
    code === 2339 && isHandle(message) && /'fetch'/.test(message) ? 'fetch answers HTTP: await fetch(handle.url)' : undefined,
  'a method that a handle does not have': ({ code, message }) =>
    (code === 2339 || code === 2551) && isHandle(message)
      ? 'a handle has the public methods of the class of its deployment, as it was when serve.run was called'
      : undefined,
  'a value that is called': ({ code, message, text }) =>
    code === 2349 && /'(?:String|Number|Boolean)' has no call/.test(message)
      ? `${text} is no function: leave the brackets out`
      : undefined,
  'a deployment as a decorator': ({ code, line, before }) =>
    [1238, 1270, 1329].includes(code) && /@serve\.deployment\b|@\w*[dD]eployment\b/.test(before.split('\n').at(-1) + line)
      ? 'a deployment is made by a call: const Chat = serve.deployment(class Chat { … }, options)'
      : undefined,
  'options before the class': ({ code, deployed }) => {
    if (![2769, 2345, 2353].includes(code) || !/^\s*\{/.test(deployed)) return undefined;
    const name = /\}\s*(?:,|\)\s*\()\s*([\w$]+)\s*\)/.exec(deployed)?.[1] ?? 'Class';
    return `the class comes first: serve.deployment(${name}, { … })`;
  },
  'a wrong option in an overload': ({ code, deployed }, { deploymentOptions }) => {
    if (code !== 2769 || deployed === '') return undefined;
    for (const { key, inside } of optionKeys(deployed)) {
      const options = deploymentOptions(inside);
      if (options.length === 0 || options.includes(key)) continue;
      const near = nearest(key, options);
      return `${key} is no option of ${inside ?? 'a deployment'}${near === undefined ? '' : `; did you mean ${near}?`}`;
    }
    return 'an option has a wrong type; TypeScript says which one if it is set by .options({ … })';
  },
  'a wrong option': ({ message }) => {
    const [, key, type] =
      /only specify known properties, (?:but|and) '([^']+)' does not exist in type '(\w*Options)'/.exec(message) ?? [];
    if (key === undefined) return undefined;
    const meant = /Did you mean to write '([^']+)'/.exec(message)?.[1];
    return `${key} is no option of ${type}${meant === undefined ? '; Shift+Tab on the call shows which there are' : `: it is called ${meant}`}`;
  },
  'arguments of bind': ({ code, before, text }) =>
    code === 2554 && /\.\s*bind(?:\(\))?$/.test(before + text) ? 'bind takes the arguments of the constructor' : undefined,
  'a loop without await': ({ code, message }) =>
    code === 2488 && /'(?:AsyncGenerator|AsyncIterable\w*|DeploymentResponseGenerator|ReadableStream)</.test(message)
      ? 'its items come one by one: for await (const item of …)'
      : undefined,
  'a forgotten await': ({ code, message, line, before, text }, { membersOf }) => {
    // These messages do not name the type.
    if ((code === 2362 || code === 2363) && membersOf(before.length, text).includes('then')) return AWAIT;
    if (![2339, 2345, 2322, 2365, 2488, 2740, 2741, 2769, 2801, 2551, 7053].includes(code)) return undefined;
    const found = namedTypes(code, message).find((type) => IS_PROMISE.test(type)) ?? '';
    if (!IS_PROMISE.test(found) || /^\(/.test(found)) return undefined;
    if (/serve\s*\.\s*run\s*\(/.test(line))
      return 'serve.run gives a promise: const handle = await serve.run(…), and then handle.method.remote(…)';
    return code === 2339 || code === 2551 || code === 7053
      ? 'it is a promise: write (await …) around it, as in (await load()).size'
      : AWAIT;
  },
  'a module at an address': ({ code, message }) => {
    const address = [2307, 2792].includes(code) ? /module (?:path )?'([a-z]{2,}:[^']*)'/.exec(message)?.[1] : undefined;
    if (address === undefined || /^(?:node|file):/.test(address)) return undefined;
    if (address.startsWith('data:'))
      return "TypeScript does not read this address: await import('data:…') loads it without types";
    return `modules are not loaded from addresses: ${installing(address) ?? 'install a package'}, and import it by its name`;
  },
  'a part of nbserve that does not exist': ({ code, message }) => {
    const part = [2307, 2792].includes(code) ? /module 'nbserve\/([^']*)'/.exec(message)?.[1] : undefined;
    if (part === undefined) return undefined;
    const parts = OWN_MODULES.flatMap((module) => module.split('/')[1] ?? []);
    const near = nearest(part, parts);
    return near === undefined ? `the parts of nbserve are ${parts.join(', ')}` : `did you mean nbserve/${near}?`;
  },
  'a path that tsconfig.json would name': ({ code, message }) => {
    const module = [2307, 2792].includes(code) ? /module '([^']+)'/.exec(message)?.[1] : undefined;
    if (module === undefined || !/^(?:@\/|~|#)/.test(module)) return undefined;
    return `no path in tsconfig.json or in the imports of package.json leads to ${module}`;
  },
  'a package that is not installed': ({ code, message }) => {
    const module = [2307, 2792, 2875].includes(code) ? /module (?:path )?'([^']+)'/.exec(message)?.[1] : undefined;
    if (module === undefined || /^[./]|^node:|^file:/.test(module)) return undefined;
    return `it may not be installed: !npm install ${/^(?:@[^/]+\/)?[^/]+/.exec(module)?.[0]}`;
  },
  'a file that is not there': ({ code, message }) => {
    const module = [2307, 2792].includes(code) ? /module '(\.{0,2}\/[^']*)'/.exec(message)?.[1] : undefined;
    if (module === undefined) return undefined;
    const ending = /\.(\w+)$/.exec(module)?.[1];
    if (ending === undefined) return `there is no file ${module}.ts beside the notebook, nor a folder with an index.ts`;
    return /^(?:[cm]?[jt]sx?|json)$/.test(ending)
      ? `there is no file ${module} beside the notebook`
      : `an import takes code and JSON; read other files: readFileSync('${module}', 'utf8') of node:fs`;
  },
  'a module of Node that does not exist': ({ code, message }) => {
    const module = [2307, 2792].includes(code) ? /module 'node:([^']+)'/.exec(message)?.[1] : undefined;
    const near = module === undefined ? undefined : nearest(module, builtinModules);
    return near === undefined ? undefined : `did you mean node:${near}?`;
  },
  'a method of Python': ({ code, message, text }) => {
    if (code !== 2339 && code !== 2551 && code !== 2550) return undefined;
    const said = /on type '[^']*\[\]'/.test(message)
      ? LIST_METHODS[text]
      : /on type '(?:string|"[^']*)'/.test(message)
        ? TEXT_METHODS[text]
        : undefined;
    return said === undefined ? undefined : `${text} is called ${said}`;
  },
  'a text for a number': ({ code, message }) =>
    [2322, 2345].includes(code) &&
    /ype 'string(?: \| undefined)?' is not assignable to (?:parameter of )?type 'number'/.test(message)
      ? 'Number(…) makes a number of a text'
      : undefined,
  'what may be undefined': ({ code, text }) =>
    [2531, 2532, 2533, 18047, 18048, 18049].includes(code)
      ? `check it first, or write ${/^[\w$.]+$/.test(text) ? text : '…'}?. to get undefined then`
      : undefined,
  'an error of unknown type': ({ code, text }) =>
    code === 18046 ? `check it first: if (${text} instanceof Error) …` : undefined,
  'a constant that is set': ({ code, text }) => (code === 2588 ? `declare it with let: let ${text} = …` : undefined),
  'an import that is missing': (complaint, { exportsOf }) => {
    const name = nameIn(complaint);
    if (name === undefined || !/^[\w$]+$/.test(name)) return undefined;
    if (builtinModules.includes(name)) return `import it first: import * as ${name} from 'node:${name}'`;
    const module = moduleOf(name) ?? OWN_MODULES.find((one) => exportsOfOwn(one, exportsOf).includes(name));
    return module === undefined ? undefined : `import it first: import { ${name} } from '${module}'`;
  },
  'a name of no cell': (complaint) => {
    const name = nameIn(complaint);
    if (name === undefined || /Did you mean/.test(complaint.message)) return undefined;
    return `no cell that has run declares ${name}: run the cell that does, or import it`;
  },
};

/** The types that a message names and that may be promises. */
function namedTypes(code: number, message: string): string[] {
  const pattern = { 2365: /types '(.*?)' and '(.*?)'\./s, 7053: /index type '(.*?)'\./s }[code];
  const found = pattern?.exec(message) ?? FOUND.exec(message) ?? /this '(.*?)' is always/.exec(message) ?? [];
  return found.slice(1);
}

const CDN = /^https?:\/\/(?:(?:www\.)?unpkg\.com|esm\.(?:sh|run)|cdn\.jsdelivr\.net|cdn\.skypack\.dev)\//;

/** The command that installs the package that an address of a CDN, of npm or of JSR names. */
function installing(address: string): string | undefined {
  const path = /^(?:npm|jsr):/.test(address) ? address.slice('npm:'.length) : CDN.test(address) ? address.replace(CDN, '') : '';
  const name = /^(?:@[\w.-]+\/)?[\w.-]+/.exec(path.replace(/^\/|^(?:npm|v\d+)\//, ''))?.[0];
  return name === undefined ? undefined : `${address.startsWith('jsr:') ? '!npx jsr add' : '!npm install'} ${name}`;
}

/** One line of help for a usual mistake. @param source the cell */
export function helpFor(
  source: string,
  { start, end, code, message, file }: Diagnostic,
  sources: HelpSources,
): string | undefined {
  if (file !== undefined) return undefined;
  const lineStart = source.lastIndexOf('\n', start - 1) + 1;
  const lineEnd = source.indexOf('\n', start);
  const line = source.slice(lineStart, lineEnd < 0 ? source.length : lineEnd);
  const complaint = {
    code,
    message,
    line,
    before: source.slice(0, start),
    text: source.slice(start, end),
    deployed: source.slice(0, end).includes('serve') ? deployedIn(source, end) : '',
  };
  for (const rule of Object.values(RULES)) {
    const help = rule(complaint, sources);
    if (help !== undefined) return help;
  }
  return undefined;
}

/** What follows the bracket of the last `serve.deployment(` that begins before `end`. */
function deployedIn(source: string, end: number): string {
  const calls = [...source.matchAll(/serve\s*\.\s*deployment\s*\(/g)].filter(({ index }) => index < end);
  const last = calls.at(-1);
  return last === undefined ? '' : source.slice(last.index + last[0].length);
}

const TOKEN = /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|\/\/[^\n]*|\/\*[\s\S]*?\*\/|([\w$]+)\s*:|[()[\]{},]/g;

/** The keys of the object that follows the first argument of a call, and of the objects that are their values. @param call what follows the call's bracket */
function* optionKeys(call: string): Generator<{ readonly key: string; readonly inside?: string | undefined }> {
  /** The key of the options before each open bracket; '' for the options themselves. Undefined until they begin. */
  let path: string[] | undefined;
  let depth = 0;
  let last = '';
  let key = '';
  for (const [token, found] of call.matchAll(TOKEN)) {
    if (/^["'`/]/.test(token)) continue;
    if (/[([{]/.test(token)) {
      if (path !== undefined) path.push(token === '{' ? key : '[');
      else if (depth === 0 && last === ',' && token === '{') path = [''];
      depth += 1;
    } else if (/[)\]}]/.test(token)) {
      depth -= 1;
      if (depth < 0) return;
      path?.pop();
      if (path?.length === 0) return;
    } else if (found !== undefined && path !== undefined) {
      key = found;
      if (path.length <= 2 && !path.includes('[')) yield { key, inside: path[1] };
    }
    last = token;
  }
}

/** The name that differs in few letters; `num_replicas` and `numReplica` are near `numReplicas`. */
function nearest(word: string, names: readonly string[]): string | undefined {
  const plain = (text: string): string => text.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  const distances = names.map((name) => ({ name, distance: distanceOf(plain(word), plain(name)) }));
  const [best] = distances.sort((a, b) => a.distance - b.distance);
  return best !== undefined && best.distance <= Math.max(2, word.length / 3) ? best.name : undefined;
}

/** How many letters have to be changed, added or left out (Levenshtein). */
function distanceOf(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
