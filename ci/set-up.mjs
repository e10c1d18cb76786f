// Sets up in `.cache/` what tests compare with: `node ci/set-up.mjs jupyter`. It does nothing if that is there already.
import { jupyterPython } from './jupyter.mjs';
import { jupyterHub } from './jupyterhub.mjs';
import { otherNode } from './node-versions.mjs';
import { rayPython } from './ray.mjs';
import { schemathesisPython } from './schemathesis.mjs';

const ENVIRONMENTS = {
  jupyter: jupyterPython,
  jupyterhub: jupyterHub,
  schemathesis: schemathesisPython,
  ray: rayPython,
  'node-22': () => otherNode(22),
  'node-24': () => otherNode(24),
};

for (const name of process.argv.slice(2)) console.log(name, ENVIRONMENTS[name]());
