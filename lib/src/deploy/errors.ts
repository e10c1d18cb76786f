import { defineError } from '../core/index.js';

export const NothingToRun = defineError(
  'NBS_NOTHING_TO_RUN',
  404,
  '{file} exports no bound deployment named {name}; it exports: {valid}',
);
export const NoModuleFile = defineError('NBS_NO_MODULE_FILE', 404, 'there is no module {file}; looked for {tried}');
export const BuilderFailed = defineError('NBS_BUILDER_FAILED', 400, '{file}: the function {name} failed: {reason}');
export const NotBuilt = defineError(
  'NBS_NOT_BUILT',
  400,
  '{file}: the function {name} must return a bound deployment (return Chat.bind(…)), and returned {value}',
);
export const ArgsWithoutBuilder = defineError(
  'NBS_ARGS_WITHOUT_BUILDER',
  400,
  '{file}: args are the argument of a function that returns the application, and {name} is a bound deployment; remove args, or export a function',
);
export const ConfigUnreadable = defineError('NBS_CONFIG_UNREADABLE', 404, 'cannot read the configuration {file}: {reason}');
