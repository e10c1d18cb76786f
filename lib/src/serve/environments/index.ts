export { Environments } from './environments.js';
export { installPackages } from './install-packages.js';
