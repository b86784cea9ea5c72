import { LensError } from '../../core/errors.ts';
import type { TopicCatalog } from '../../topics/catalog.ts';
import type { Batch } from '../batch.ts';
import { type BatchRecords, deadLetterOf, type RecordPlace } from '../batch-records.ts';
import { findCulprits } from './gate-culprits.ts';
import type { ChangedRow, GateFailure } from './gates.ts';
import type { HeldRecord } from './held-records.ts';
import type { RawTable } from '../raw-tables.ts';

/** Ends a batch's transaction without a commit. */
export class GateRefusal extends Error {
  /** None in a trial that passes. */
  readonly failures: readonly GateFailure[];

  constructor(failures: readonly GateFailure[]) {
    super('refused by data tests with gate: true');
    this.failures = failures;
  }
}

/** A batch's transaction, as the audit of a refused batch uses it. */
export interface Attempts {
  /** Applies and rolls back; what fails. */
  trial(batch: Batch): Promise<readonly GateFailure[]>;
  readonly tables: readonly RawTable[];
  readonly catalog: TopicCatalog;
}

/** Failing keys that a dead letter names. */
const EXAMPLES = 3;

/**
 * The part of a refused batch that the gates let pass, with the others as dead letters. A record is held back when a gate
 * fails with it and passes without it, at the end of its batch: of a key's versions only the last counts, as only it would
 * be seen.
 */
export async function auditedBatch(batch: Batch, refused: readonly GateFailure[], attempts: Attempts): Promise<Batch> {
  const { kept } = batch;
  if (kept === undefined) throw new LensError('INTERNAL', 'a gate refused a batch whose records were not kept');
  const audit = new Audit(batch, kept, attempts);
  for (let failures = refused; failures.length > 0; failures = await attempts.trial(audit.passing())) {
    await audit.holdBack(failures);
  }
  return audit.passing();
}

class Audit {
  readonly #batch: Batch;
  readonly #records: BatchRecords;
  readonly #attempts: Attempts;
  readonly #places: readonly RecordPlace[];
  readonly #held = new Map<RecordPlace, readonly [GateFailure, ...GateFailure[]]>();

  constructor(batch: Batch, records: BatchRecords, attempts: Attempts) {
    this.#batch = batch;
    this.#records = records;
    this.#attempts = attempts;
    this.#places = records.places();
  }

  /** The batch without what is held back, and without `left` for a trial. */
  passing(left: readonly RecordPlace[] = []): Batch {
    const out = new Set([...this.#held.keys(), ...left]);
    const held = [...this.#held].map(([place, failures]): HeldRecord => {
      const [first] = failures;
      return { letter: deadLetterOf(place, 'gate_failed', reasonOf(failures)), gate: first.gate };
    });
    return { ...this.#batch, topics: this.#records.without(out, this.#places), held };
  }

  async holdBack(failures: readonly GateFailure[]): Promise<void> {
    const units = this.#units();
    const names = [...units.keys()];
    const told = tokensOf(failures);
    const certain = this.#certain(failures, units);
    const found =
      certain.size > 0
        ? certain
        : await findCulprits(names.length, new Set(told.keys()), async (includes) => {
            const left = names.flatMap((name, unit) => (includes(unit) ? [] : (units.get(name) as RecordPlace[])));
            const failing = tokensOf(await this.#attempts.trial(this.passing(left)));
            for (const [token, failure] of failing) told.set(token, failure);
            return new Set(failing.keys());
          });
    if (found.size === 0) throw new LensError('INTERNAL', 'a gate fails with a batch, and with no record of it');
    for (const [unit, tokens] of found) {
      const last = units.get(names[unit] as string)?.at(-1) as RecordPlace;
      const failed = [...new Set([...tokens].map((token) => told.get(token) as GateFailure))];
      this.#held.set(last, failed as [GateFailure, ...GateFailure[]]);
    }
  }

  /** The records that may be behind a failure, by topic and key: those that landed and are not held back yet. */
  #units(): Map<string, RecordPlace[]> {
    const rejected = new Set(
      this.#batch.topics
        .flatMap(({ sealed }) => sealed.deadLetters)
        .map(({ topic, partition, offset }) => `${topic}/${partition}/${offset}`),
    );
    const units = new Map<string, RecordPlace[]>();
    for (const place of this.#places) {
      const { block, at } = place;
      const record = `${block.topic}/${block.partition}/${block.offset(at)}`;
      if (this.#held.has(place) || rejected.has(record)) continue;
      const key = block.key(at);
      const append = this.#attempts.catalog.contract(block.topic).mode === 'append';
      const name = append || key === null ? record : unitName(block.topic, Buffer.from(key).toString('latin1'));
      units.set(name, [...(units.get(name) ?? []), place]);
    }
    return units;
  }

  /**
   * Where one row of a raw table alone has a failing key, its record is behind it: without it the key has the rows that it had
   * before, and did not fail.
   */
  #certain(
    failures: readonly GateFailure[],
    units: ReadonlyMap<string, readonly RecordPlace[]>,
  ): Map<number, ReadonlySet<string>> {
    const found = new Map<number, Set<string>>();
    const numbers = new Map([...units.keys()].map((name, at) => [name, at]));
    for (const failure of failures) {
      const [row, second] = failure.rows;
      const { gate } = failure;
      if (!gate.rawOnly || gate.plan.domains.length !== 1 || row === undefined || second !== undefined) continue;
      const name = this.#unitOf(row);
      const unit = name === null ? undefined : numbers.get(name);
      if (unit !== undefined) found.set(unit, (found.get(unit) ?? new Set()).add(tokenOf(failure, row)));
    }
    return found;
  }

  #unitOf({ table, key }: ChangedRow): string | null {
    const { tables, catalog } = this.#attempts;
    const contract = tables.find((one) => one.name === table)?.contract;
    if (contract?.mode !== 'upsert') return null;
    const parts = JSON.parse(key) as unknown[];
    // Numbers beyond 2^53 are others after parsing.
    if (JSON.stringify(parts) !== key) return null;
    return unitName(contract.name, Buffer.from(catalog.keyText(contract.name, parts)).toString('latin1'));
  }
}

function unitName(topic: string, key: string): string {
  return `${topic}\0${key}`;
}

/** What tells failures of two trials apart: the gate and the changed row, or the key where no row has it. */
function tokensOf(failures: readonly GateFailure[]): Map<string, GateFailure> {
  const tokens = new Map<string, GateFailure>();
  for (const failure of failures) {
    for (const row of failure.rows) tokens.set(tokenOf(failure, row), failure);
    if (failure.rows.length === 0) tokens.set(tokenOf(failure), failure);
  }
  return tokens;
}

function tokenOf({ gate, text }: GateFailure, row?: ChangedRow): string {
  const what = row === undefined ? (gate.whole === null ? text : '') : `${row.table}\0${row.key}`;
  return `${gate.test.uniqueId}\0${what}`;
}

/** `data test NAME fails for status = "shipped" (orders [7])` */
export function reasonOf(failures: readonly GateFailure[]): string {
  const shown = failures.slice(0, EXAMPLES).map(({ gate, text, rows }) => {
    const of = rows.slice(0, EXAMPLES).map(({ table, key }) => `${table} ${key}`);
    const more = rows.length > EXAMPLES ? ` and ${rows.length - EXAMPLES} more` : '';
    return `data test ${gate.test.name} fails for ${text}${of.length === 0 ? '' : ` (${of.join(', ')}${more})`}`;
  });
  const others = failures.length > EXAMPLES ? `; and ${failures.length - EXAMPLES} more` : '';
  return `${shown.join('; ')}${others}`;
}
