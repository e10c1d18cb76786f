export { ExpectedFile, ExpectedRoutes, type ExpectedStore } from './expected-routes.js';
export { RouteFeeds } from './feeds.js';
export { SnapshotPublisher } from './snapshot-publisher.js';
