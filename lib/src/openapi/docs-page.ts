import { DOCS_SCRIPT } from './docs-script.js';
import { DOCS_STYLE } from './docs-style.js';

/** The answer for `/docs`: one HTML page that loads only the OpenAPI document that it shows. */
export interface DocsPage {
  readonly headers: Readonly<Record<string, string>>;
  readonly html: string;
}

export interface DocsPageOptions {
  /** The title that is shown until the document is loaded. */
  readonly title: string;
  /** Where the OpenAPI document is, as an address relative to the page. @default 'openapi.json' */
  readonly document?: string;
}

/**
 * The page shows an OpenAPI document and lets a reader try its operations. It contains its own style and script, so it works without a network. The texts of
 * the document are inserted as text only, and the content security policy forbids any other script.
 */
export function docsPage({ title, document = 'openapi.json' }: DocsPageOptions): DocsPage {
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${DOCS_STYLE}</style>
</head>
<body data-document="${escapeHtml(document)}">
<header><h1>${escapeHtml(title)}</h1><p><a href="${escapeHtml(document)}">OpenAPI document</a></p></header>
<main aria-busy="true"><p>Loading…</p></main>
<script>${DOCS_SCRIPT}</script>
</body>
</html>
`;
  return { headers: HEADERS, html };
}

const HEADERS: DocsPage['headers'] = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
