import { defineError } from '../core/index.js';

export const InvalidRoutePath = defineError(
  'NBS_INVALID_ROUTE_PATH',
  400,
  "the path {path} of a route is not valid: {reason}; write it like '/items/:id'",
);
export const NotARouteMethod = defineError(
  'NBS_NOT_A_ROUTE_METHOD',
  400,
  '@serve.{verb} stands before {what}; it is for public methods of a class that is given to serve.deployment',
);
export const NoDecoratorMetadata = defineError(
  'NBS_NO_DECORATOR_METADATA',
  400,
  '@serve.{verb} needs standard decorators with metadata, and the compiler of this code has written {what}: use TypeScript 5.2 or newer without experimentalDecorators, esbuild, or a notebook with its usual checker (not tslab)',
);
export const RouteTwice = defineError(
  'NBS_ROUTE_TWICE',
  400,
  '{deployment}: {verb} {path} leads to the methods {first} and {second}; give one of them another path',
);
export const NoSchema = defineError('NBS_NO_SCHEMA', 400, '{where}: {type} {reason}; {remedy}');
export const NoTypes = defineError(
  'NBS_NO_TYPES',
  400,
  'the types of the routes of {deployment} cannot be found: {reason}; {remedy}',
);
export const WrongBodyType = defineError(
  'NBS_WRONG_BODY_TYPE',
  415,
  'the content-type of the request body is {type}; this path takes {expected}',
);
export const BadPath = defineError('NBS_BAD_PATH', 400, 'the path of the request holds a % that begins no character');
export const MethodNotAllowed = defineError('NBS_METHOD_NOT_ALLOWED', 405, '{path} does not take {verb}; it takes {allowed}');
/** A model gets this as the result of the tool. */
export const ToolResultTooLong = defineError(
  'NBS_TOOL_RESULT_TOO_LONG',
  413,
  'the tool {tool} has given {items} items with {characters} characters in all and was stopped; a tool gives at most {mostItems} items and {mostCharacters} characters: ask for less, or call its route, which sends each item at once',
);
export const McpWithoutRoutes = defineError(
  'NBS_MCP_WITHOUT_ROUTES',
  400,
  "{deployment}: mcp: true needs methods with a route; write @serve.post('/add') before add",
);
