export { TypedEcho as default } from '../../../lib/dist-test/fixtures/routes-echo.js';
