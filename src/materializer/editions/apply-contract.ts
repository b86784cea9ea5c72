import type { Refreshed, RefreshSink } from './refresh-contract.ts';
import type { ChangePlan } from '../changes/change-plan.ts';
import type { ProjectSource } from '../changes/next-project.ts';

/** What `lens apply` asks for; it goes over the service's control port as JSON. */
export interface ApplyRequest {
  readonly source: ProjectSource;
  /** {@link ChangePlan.id} of the plan that was shown. */
  readonly plan: string;
  readonly skipTests?: boolean | undefined;
  /** Where all topics are landed again: go on although the log no longer holds the history. */
  readonly allowDataLoss?: boolean | undefined;
  /** Ends it before the swap: the live edition stays. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: RefreshSink | undefined;
}

export interface Applied {
  readonly plan: ChangePlan;
  /** Null when there was nothing to do. */
  readonly refreshed: Refreshed | null;
}
