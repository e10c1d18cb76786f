export { Environments } from './environments.js';
