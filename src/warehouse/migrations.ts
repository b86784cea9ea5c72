import { LensError } from '../core/errors.ts';
import type { Connection } from './connection.ts';

/**
 * The system schema, in numbered steps that are never edited after a release.
 *
 * May be rebuilt from the log: everything but `dead_letters` that were redriven or are beyond the log's retention, and `model_costs`. `checkpoint` must only ever
 * change in the transaction that applies the records before it.
 */
const MIGRATIONS: readonly string[] = [
  `create table lens.checkpoint (
     topic varchar not null,
     partition integer not null,
     next_offset bigint not null,
     -- the first offset ever applied: a full refresh refuses when the log no longer reaches back to it
     first_offset bigint not null,
     -- the topic's identity: a topic deleted and made again under the same name is noticed
     topic_id varchar not null
   );
   create table lens.dead_letters (
     topic varchar not null,
     partition integer not null,
     record_offset bigint not null,
     record_timestamp timestamp not null,
     key blob,
     value blob,
     reason_code varchar not null,
     reason varchar not null,
     landed_at timestamp not null
   );
   create table lens.models (
     name varchar not null,
     fingerprint varchar not null,
     strategy varchar not null,
     upkeep varchar not null,
     reason varchar,
     state varchar not null,
     error varchar,
     updated_at timestamp
   );
   -- Only for models that are not at the warehouse's checkpoint: kept by compaction, caught up in bulk, or failed.
   create table lens.model_checkpoint (
     model varchar not null,
     topic varchar not null,
     partition integer not null,
     next_offset bigint not null
   );
   create table lens.compactions (finished_at timestamp not null, milliseconds bigint not null, full_rebuild boolean not null)`,
  // Models whose next compaction must rebuild them: something changed whose reach into the model is not known.
  `create table lens.pending_rebuilds (model varchar not null)`,
  // Of the last record batch applied (Kafka), null when unknown: a log that was cut and grew again is noticed at start.
  'alter table lens.checkpoint add column leader_epoch integer',
  // Rebuilt with the models: the columns by which a model's rows are redone, and those of stored tables that it follows from.
  `alter table lens.models add column key_columns varchar[];
   create table lens.model_columns (
     model varchar not null,
     input varchar not null,
     -- null where the rows of the input matter and no column of it
     column_name varchar,
     -- why any change of the input may touch any row of the model; null when it touches those of its keys
     reason varchar
   );
   -- What upkeep has cost since the model is as it is. Nothing follows from it, and nothing can give it back.
   create table lens.model_costs (
     model varchar not null,
     -- batches or compactions that brought it up to date, and the rows that left and came
     upkeeps bigint not null,
     rows_changed bigint not null,
     milliseconds decimal(18, 3) not null,
     rebuilds bigint not null,
     rebuild_milliseconds decimal(18, 3) not null,
     last_at timestamp not null
   )`,
  // Rebuilt with the models: what each was when its table was built (model-definition.ts), so that a change can be told.
  `create table lens.model_definitions (model varchar not null, definition varchar not null);
   -- Tables and views that models have left: nobody keeps them, \`lens apply\` drops them.
   create table lens.left_relations (model varchar not null, schema_name varchar not null, identifier varchar not null);
   -- The rows of all the rebuilds, so that their time says something of the next one.
   alter table lens.model_costs add column rebuild_rows bigint`,
  // Records that data tests with gate: true have held back. Decisions: a replay does not make them again as long as a test is what it
  // was (its fingerprint), since what passes may hang on what came with it.
  `create table lens.held_records (
     topic varchar not null,
     partition integer not null,
     record_offset bigint not null,
     test varchar not null,
     fingerprint varchar not null
   )`,
  // Of a redriven dead letter: the bytes that count in its place, and the record in whose place, or after which, they do. Nothing
  // in the log says so: a new edition takes these rows over (src/materializer/dead-letters/amended-log.ts).
  `alter table lens.dead_letters add column headers varchar;
   alter table lens.dead_letters add column status varchar default 'open';
   alter table lens.dead_letters add column redrive_key blob;
   alter table lens.dead_letters add column redrive_value blob;
   alter table lens.dead_letters add column place_partition integer;
   alter table lens.dead_letters add column place_offset bigint`,
  // The tables made of CSV files, with what they were made of; rebuilt with them.
  `create table lens.seeds (
     name varchar not null,
     schema_name varchar not null,
     identifier varchar not null,
     -- of the file and of how it is read
     checksum varchar not null,
     columns varchar not null,
     loaded_at timestamp not null
   )`,
  // `pending_MODEL` holds a model's keys: under the old name this was the table of a model called `rebuilds`.
  'alter table lens.pending_rebuilds rename to rebuilds_due',
  // Rows that templates have asked for while they were rendered, as of a checkpoint: the SQL of their models follows from them
  // (template-answers.ts). Asked anew by a new edition.
  `create table lens.template_answers (
     question varchar not null,
     -- JSON: columns, rows, the query with its order, the relations it reads, and since when the answer has been this one
     answer varchar not null,
     -- why the rows there are now have not been taken; null when they are no others
     newer varchar
   )`,
  // What hooks have made, and so may change: nothing can give it back, a new edition takes it over (src/materializer/hooks).
  `create table lens.hook_objects (
     kind varchar not null,
     schema_name varchar not null,
     name varchar not null,
     -- the statement, without its layout
     definition varchar not null
   );
   -- Models whose relations were made as a whole, and whose hooks have not been run since.
   create table lens.hooks_due (model varchar not null)`,
];

/**
 * Brings the system schema up to this release, in one transaction. WAREHOUSE_NEWER when a newer release wrote the file.
 *
 * @param release the version to bring it to: that of an earlier release, to see its warehouses
 */
export async function migrate(connection: Connection, release = MIGRATIONS.length): Promise<void> {
  await connection.run('create schema if not exists lens; create table if not exists lens.version (version integer)');
  const version = await connection.number('select max(version) from lens.version');
  if (version > release) {
    throw new LensError('WAREHOUSE_NEWER', `the warehouse has version ${version}, this release knows ${release}`, {
      hint: 'run the newer release, or rebuild with another --data-dir',
    });
  }
  if (version === release) return;
  await connection.transaction(async () => {
    for (const step of MIGRATIONS.slice(version, release)) await connection.run(step);
    await connection.run(`delete from lens.version; insert into lens.version values (${release})`);
  });
}
