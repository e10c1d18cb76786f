export { type LocalApp, type LocalDeployment, type LocalHttp, localMode } from './local-host.js';
