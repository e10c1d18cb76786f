/** How code that trains tells the search that runs it about its progress. Trainers and searches share this room. */
export { replaceFolder, settleFolder } from './replace-folder.js';
export { ReportQueue } from './report-queue.js';
export {
  currentSession,
  resultFolder,
  runInSession,
  type Session,
  type TrainCheckpoint,
  TrialStopped,
} from './session.js';
