import { readFileSync } from 'node:fs';
import { typescriptVersion } from '../versions/index.js';
import { type Content, PROTOCOL_VERSION } from '../wire/index.js';

/** Content of `kernel_info_reply`. Loads nothing: TypeScript's version is read from its package file. */
export function kernelInfo(): Content {
  const here = import.meta.url;
  const own = JSON.parse(readFileSync(new URL('../../package.json', here), 'utf8')) as { version: string };
  const typescript = typescriptVersion();
  return {
    status: 'ok',
    protocol_version: PROTOCOL_VERSION,
    implementation: 'nbserve',
    implementation_version: own.version,
    language_info: {
      name: 'typescript',
      version: typescript,
      // These three are what CodeMirror 6 (JupyterLab), CodeMirror 5 and Pygments (nbconvert) call the language.
      mimetype: 'application/typescript',
      codemirror_mode: 'typescript',
      pygments_lexer: 'typescript',
      file_extension: '.ts',
      nbconvert_exporter: 'script',
    },
    banner: `nbserve ${own.version} · TypeScript ${typescript} · Node ${process.versions.node}`,
    debugger: false,
    help_links: [
      { text: 'TypeScript Handbook', url: 'https://www.typescriptlang.org/docs/handbook/' },
      { text: 'Node.js API', url: 'https://nodejs.org/api/' },
    ],
  };
}
