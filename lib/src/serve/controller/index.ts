export { controllerApi } from './api.js';
export { Controller, type ControllerOptions } from './controller.js';
