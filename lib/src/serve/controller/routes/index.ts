export { ExpectedRoutes } from './expected-routes.js';
export { RouteFeeds } from './feeds.js';
export { SnapshotPublisher } from './snapshot-publisher.js';
