export { type ClassPlace, describeClassIn } from './class-in-file.js';
export type { RoutedClass } from './describe-class.js';
export { FileTypes } from './file-types.js';
