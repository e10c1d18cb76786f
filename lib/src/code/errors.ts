import { defineError } from '../core/index.js';

/** `chain` says who uses what, what is wrong with it, and what to do. */
export const CannotShip = defineError('NBS_CANNOT_SHIP', 400, '{chain}');
export const NoSource = defineError(
  'NBS_NO_SOURCE',
  400,
  'the source of {name} is not known: declare it at the top level of a cell, or write the class inside serve.deployment(…)',
);
export const ShipModuleFailed = defineError('NBS_MODULE_FAILED', 400, '{file} cannot be compiled: {reason}');
export const NoSuchExport = defineError('NBS_NO_SUCH_EXPORT', 404, '{file} has no deployment {name}; it has: {valid}');
export const PackageNotFound = defineError(
  'NBS_PACKAGE_NOT_FOUND',
  400,
  'cannot find package "{name}" from {folder}: run `npm install {name}` there',
);
export const AsyncPackage = defineError(
  'NBS_ASYNC_PACKAGE',
  400,
  '"{id}" uses top-level await and cannot be loaded by an import statement: write `const x = await import(\'{id}\')`',
);
