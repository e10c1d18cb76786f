export { Replica, type ReplicaOptions } from './replica.js';
export { UserInstance } from './user-instance.js';
