export { type DocsPage, docsPage } from './docs-page.js';
export { InvalidRequest, NoSuchRoute } from './errors.js';
