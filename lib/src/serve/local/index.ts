export { endLocal, type LocalApp, type LocalDeployment, type LocalHttp, localHost, runningLocal } from './local-host.js';
