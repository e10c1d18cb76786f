import { defineError } from '../../core/index.js';

export const InstallFailed = defineError('NBS_INSTALL_FAILED', 500, 'npm could not install {packages}: {code}\n{output}');
