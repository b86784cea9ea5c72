import type { WarehouseOptions } from '../warehouse/warehouse.ts';
import type { EventLog } from '../log/event-log.ts';
import type { Project } from '../project/project-contract.ts';
import type { TopicCatalog } from '../topics/catalog.ts';
import type { ProjectSource } from './changes/next-project.ts';
import type { EventSink } from './events.ts';
import type { OnModelFailure } from './models/model-failed.ts';

/** What a materializer works with. */
export interface MaterializerOptions {
  readonly project: Project;
  readonly catalog: TopicCatalog;
  /** Where both were read; what is applied has to come from there, if it is told. */
  readonly source?: ProjectSource | undefined;
  /** Opens the warehouse as it is: nothing of the project is made in it, and only `apply` may follow. */
  readonly asItIs?: boolean | undefined;
  readonly log: EventLog;
  /** Holds warehouse.duckdb. */
  readonly dataDir: string;
  /** The consumer group whose offsets tell lag tools where the checkpoint is. */
  readonly group: string;
  readonly batch: { readonly maxRecords: number; readonly maxMilliseconds: number };
  readonly bulk: { readonly lagRecords: number };
  readonly compaction: { readonly intervalSeconds: number };
  /** A model that fails is left behind, unless it says otherwise. */
  readonly onModelFailure?: OnModelFailure | undefined;
  readonly warehouse: WarehouseOptions;
  readonly onEvent: EventSink;
}
