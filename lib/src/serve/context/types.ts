/** What a replica knows about itself. */
export interface ReplicaContext {
  readonly appName: string;
  readonly deployment: string;
  /** As in the status and in logs. */
  readonly replicaId: string;
}
