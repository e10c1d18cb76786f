import { readFileSync } from 'node:fs';
import { languageInfo } from '../versions/index.js';
import { type Content, PROTOCOL_VERSION } from '../wire/index.js';

/** The content of `kernel_info_reply`. It loads nothing. */
export function kernelInfo(): Content {
  const own = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
  const language = languageInfo();
  return {
    status: 'ok',
    protocol_version: PROTOCOL_VERSION,
    implementation: 'nbserve',
    implementation_version: own.version,
    language_info: language,
    banner: `nbserve ${own.version} · TypeScript ${language.version} · Node ${process.versions.node}`,
    debugger: true,
    supported_features: ['debugger', 'kernel subshells'],
    help_links: [
      { text: 'TypeScript Handbook', url: 'https://www.typescriptlang.org/docs/handbook/' },
      { text: 'Node.js API', url: 'https://nodejs.org/api/' },
    ],
  };
}
