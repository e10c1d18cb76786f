export { type Scaled, Scaling } from './scaling.js';
