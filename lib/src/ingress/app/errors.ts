import { defineError } from '../../core/index.js';

export const NoRoutes = defineError(
  'NBS_NO_ROUTES',
  400,
  '{deployment} was given to ingress() and has no method routes(app); add one that registers routes on the Fastify instance it gets',
);
export const FetchBesideRoutes = defineError(
  'NBS_FETCH_BESIDE_ROUTES',
  400,
  '{deployment} was given to ingress() and has a method fetch(request) as well, so two would answer HTTP; make a route of it, or take ingress() away',
);
export const ListenCalled = defineError(
  'NBS_LISTEN_CALLED',
  400,
  '{deployment}: routes(app) called app.listen(), which nbserve does when the routes are there; leave the call out',
);
export const PathOfCluster = defineError(
  'NBS_PATH_OF_CLUSTER',
  400,
  "{deployment}: routes(app) has registered {path}, and the cluster itself answers below '/-/' if the application is at '/'; give the route another path",
);
export const AnswerCut = defineError(
  'NBS_ANSWER_CUT',
  500,
  '{deployment}: the socket of the request was destroyed before its answer was complete',
);
