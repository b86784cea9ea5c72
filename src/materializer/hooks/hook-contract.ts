import type { FinishedNode } from '../../project/finished-nodes.ts';
import type { OperationKind } from '../../project/hooks.ts';
import type { RunFacts } from '../../project/run-moment.ts';
import type { NodeProgress, NodeResult } from '../nodes/node-results.ts';

/** Hooks of the project to be run by whoever holds the warehouse, for a command. */
export interface HookRequest {
  readonly kind: OperationKind;
  readonly run: RunFacts;
  /** Unique ids of what the command runs: dbt's `selected_resources`. */
  readonly selected: readonly string[];
  /** What the command has come to: dbt's `results`; for on-run-end. */
  readonly results?: readonly FinishedNode[] | undefined;
  readonly onProgress?: ((progress: NodeProgress) => void) | undefined;
}

/** One for each hook of the kind, in order: after one that failed the others are skipped. */
export type HookResults = readonly NodeResult[];
