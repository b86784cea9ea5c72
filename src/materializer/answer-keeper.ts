import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../core/errors.ts';
import type { Connection } from '../warehouse/connection.ts';
import { relationKey } from '../maintenance/models-so-far.ts';
import { text } from '../warehouse/sql.ts';
import type { Compactor } from './compactor.ts';
import type { Edition } from './edition.ts';
import { newerAnswers } from './edition-answers.ts';
import type { Refresher } from './editions/refresher.ts';
import type { Follower } from './follower.ts';
import type { LiveEdition } from './live-edition.ts';
import type { MaterializerOptions } from './materializer-options.ts';
import { noteNewer } from './models/template-answers.ts';
import { Turns } from './turns.ts';

/** Answers may follow from others; when records come all the while, the next look goes on. */
const ROUNDS = 10;
/** How often it is looked whether models that wait can be made. */
const WAITING_MS = 1000;

export interface AnswerWork {
  readonly live: LiveEdition;
  /** Turns on the writing connection. */
  readonly writing: Turns;
  readonly compactor: Compactor;
  readonly follower: Follower;
  readonly refresher: Refresher;
}

/**
 * Keeps the answers to what templates ask of rows those of the live edition: asks again when what they read has changed, off the batches'
 * way, and has the models whose SQL is another one then built anew, for which batches wait as for a rebuild. A project that asks nothing costs nothing.
 */
export class AnswerKeeper {
  readonly #options: Pick<MaterializerOptions, 'compaction' | 'onEvent'>;
  readonly #work: AnswerWork;
  readonly #looks = new Turns();
  /** What the answers followed from when they were last asked for, and of which edition. */
  #asked: { readonly edition: Edition; readonly state: string; readonly order: boolean } | null = null;

  constructor(options: Pick<MaterializerOptions, 'compaction' | 'onEvent'>, work: AnswerWork) {
    this.#options = options;
    this.#work = work;
  }

  /** Looks on the interval of compactions, and each second while models wait for rows, until aborted. */
  async watch(signal: AbortSignal): Promise<void> {
    for (;;) {
      const { whole } = this.#work.live.edition;
      const ms = whole.waiting.size > 0 ? WAITING_MS : this.#options.compaction.intervalSeconds * 1000;
      await sleep(ms, undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        await this.bringUp({ order: false });
      } catch (error) {
        const message = `what templates ask will be asked again: ${messageOf(error)}`;
        this.#options.onEvent({ kind: 'notice', severity: 'warning', message });
      }
    }
  }

  /**
   * Makes the models those of the rows there are now. Left out while another edition is built, which asks by itself, and while
   * models catch up.
   *
   * @param order whether the same rows in another order count: columns in another order are no reason to build in the middle of a day
   */
  async bringUp({ order }: { readonly order: boolean } = { order: true }): Promise<void> {
    if (this.#work.live.edition.whole.asked.size === 0) return;
    // one after another: what is asked here is not left out for a look on the interval
    await this.#looks.take(() =>
      this.#work.refresher.unlessBusy(async () => {
        for (let round = 0; round < ROUNDS && (await this.#bringUp(order)); round++);
      }),
    );
  }

  /** Whether anything was built. */
  async #bringUp(order: boolean): Promise<boolean> {
    const { live } = this.#work;
    const { edition } = live;
    if (edition.foldedBehind('catching-up').length > 0) return false;
    const state = await live.read((connection) => stateBelow(connection, edition));
    const asked = this.#asked;
    if (asked?.edition === edition && asked.state === state && (asked.order || !order)) return false;
    const { whole, changes, newer } = await live.read((connection) => newerAnswers(edition, connection, { order }));
    if (whole === null) {
      this.#asked = { edition, state, order };
      await this.#note(edition, newer);
      return false;
    }
    await this.#exclusively(async () => live.adopt(() => edition.keptBy(whole)));
    await this.#note(live.edition, newer);
    const why = changes.length === 0 ? [] : [`templates have other rows: ${changes.join('; ')}`];
    for (const message of [...why, ...live.edition.notices]) this.#options.onEvent({ kind: 'notice', message });
    return true;
  }

  async #note(edition: Edition, newer: ReadonlyMap<string, string | null>): Promise<void> {
    if (newer.size > 0) await this.#work.writing.take(() => edition.write((one) => noteNewer(one, newer)));
  }

  #exclusively(work: () => Promise<void>): Promise<void> {
    return this.#work.compactor.without(() => this.#work.follower.hold(work));
  }
}

/** Everything that moves when rows do that a project's templates ask for, as one text. */
async function stateBelow(connection: Connection, { whole: project, tables }: Edition): Promise<string> {
  const models = new Map(project.models.map((model) => [relationKey(model.schema, model.alias), model]));
  const raw = new Map(tables.map((table) => [relationKey(table.schema, table.name), table]));
  const topics = new Set<string>();
  const asked = [...project.asked.values()].flat();
  const above = new Set<string>();
  const addTopic = (identifier: string): void => {
    for (const { name, contract } of tables) if (name === identifier) topics.add(contract.name);
  };
  const visit = (name: string): void => {
    if (above.has(name)) return;
    above.add(name);
    const { dependsOn } = project.model(name);
    dependsOn.models.forEach(visit);
    dependsOn.sources.forEach(addTopic);
  };
  for (const { answer } of asked) {
    for (const { schema, identifier } of answer.reads) {
      const key = relationKey(schema, identifier);
      const model = models.get(key);
      if (model !== undefined) visit(model.name);
      else if (raw.has(key)) addTopic(raw.get(key)?.name ?? '');
    }
  }
  const list = (names: Iterable<string>): string => `[${[...names].map(text).join(', ')}]::varchar[]`;
  const moves = [
    `select topic, partition, next_offset from lens.checkpoint where list_contains(${list(topics)}, topic)`,
    `select model, topic, partition, next_offset from lens.model_checkpoint where list_contains(${list(above)}, model)`,
    `select name, fingerprint, state from lens.models where list_contains(${list(above)}, name)`,
    'select name, checksum, loaded_at::varchar as loaded_at from lens.seeds',
    // a redriven one moves no offset
    'select status, count(*) as n from lens.dead_letters group by all',
  ];
  const rows: unknown[] = [];
  for (const sql of moves) rows.push(await connection.rows(`${sql} order by all`));
  const time = asked.some(({ answer }) => answer.clock !== undefined) ? new Date().toISOString() : '';
  return JSON.stringify([rows, time]);
}
