export { type DocsPage, docsPage } from './docs-page.js';
