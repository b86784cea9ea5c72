import { answeredAnew } from '../maintenance/settle-project.ts';
import type { Project } from '../project/project-contract.ts';
import type { RowsAnswer } from '../project/questions.ts';
import type { Connection } from '../warehouse/connection.ts';
import { buildableProject } from './buildable-project.ts';
import type { Edition } from './edition.ts';
import { editionPlans } from './edition-plans.ts';
import { inputRelations } from './input-tables.ts';
import { askOf, askRows, keptAnswers, noteNewer } from './models/template-answers.ts';
import { type UsableProject, withoutBroken } from './seeds/usable-seeds.ts';
import { LensError, messageOf } from '../core/errors.ts';

/** What a warehouse answers now where it is not what its models are rendered with. */
export interface NewerAnswers {
  /** The whole project with those that can be taken; null when there are none. */
  readonly whole: Project | null;
  /** What has changed of the rows, a sentence each. */
  readonly changes: readonly string[];
  /** By question, why newer rows are not taken, as far as that is not kept yet; null for those that are no others any more. */
  readonly newer: ReadonlyMap<string, string | null>;
}

/** What is asked, and by what it is kept. */
export type Asking = Pick<Edition, 'whole' | 'broken' | 'catalog' | 'tables' | 'seeds'>;

/**
 * Asks anew what the templates of a project have asked, in one snapshot. Rows with which a model that is kept could no longer be
 * rendered, bound or planned are not taken: it goes on with those that it has.
 *
 * @param order whether the same rows in another order count
 */
export async function newerAnswers(
  asking: Asking,
  connection: Connection,
  { order }: { readonly order: boolean },
): Promise<NewerAnswers> {
  const { whole } = asking;
  const current = answersOf(whole);
  const newer = new Map<string, string | null>();
  return connection.transaction(async () => {
    const ask = askOf(connection);
    const kept = await keptAnswers(ask);
    const fresh = new Map<string, RowsAnswer>();
    for (const [key, answer] of current) {
      const found = await askRows(ask, { key, ...answer });
      newer.set(key, null);
      if (found === null || (answer.since !== null && sameRows(answer, found))) continue;
      if (!order && answer.since !== null && sameRows(inOrder(answer), inOrder(found))) newer.set(key, OTHER_ORDER);
      else fresh.set(key, found);
    }
    while (fresh.size > 0) {
      const answered = await answeredAnew(
        whole,
        () => inputRelations(asking),
        async (query) => fresh.get(query.key) ?? current.get(query.key) ?? (await askRows(ask, query)),
      );
      const next = (await buildableProject(usableOf(asking, answered))).whole;
      const why = newlyWaiting(whole, next) ?? (await whyNotPlanned(asking, next));
      if (why === null) {
        const refused = new Map([...newer].filter(([, reason]) => reason !== null));
        return { whole: next, changes: changesOf(current, fresh), newer: refused };
      }
      const above = new Set(why.models.flatMap((name) => keysAbove(next, name)));
      const blamed = [...fresh.keys()].filter((key) => above.has(key));
      for (const key of blamed.length === 0 ? [...fresh.keys()] : blamed) {
        newer.set(key, why.reason);
        fresh.delete(key);
      }
    }
    const said = [...newer].filter(([key, why]) => kept.has(key) && (kept.get(key)?.newer ?? null) !== why);
    return { whole: null, changes: [], newer: new Map(said) };
  });
}

/**
 * The edition with the rows that its own tables have now, until nothing follows from them any more: one that is built beside the live one, and
 * has nobody else who writes to it.
 */
export async function withOwnAnswers(edition: Edition): Promise<Edition> {
  for (let current = edition; ;) {
    if (current.whole.asked.size === 0) return current;
    using connection = await current.warehouse.connect();
    const { whole, newer } = await newerAnswers(current, connection, { order: true });
    if (whole === null) {
      await current.write((one) => noteNewer(one, newer));
      return current;
    }
    current = await current.keptBy(whole);
  }
}

const OTHER_ORDER = 'the same rows in another order, which lens run, compact or a start takes';

/** Why a project cannot be kept, and of which models that is said; of none in particular where it is not known. */
interface Obstacle {
  readonly reason: string;
  readonly models: readonly string[];
}

/** A model that is kept, and could no longer be made. */
function newlyWaiting(before: Project, next: Project): Obstacle | null {
  const [found] = [...next.waiting].filter(([name]) => !before.waiting.has(name));
  return found === undefined ? null : { models: [found[0]], reason: found[1] };
}

function usableOf({ broken, tables, seeds }: Asking, whole: Project): UsableProject {
  return { project: withoutBroken(whole, broken), whole, broken, inputs: { tables, seeds } };
}

async function whyNotPlanned(asking: Asking, whole: Project): Promise<Obstacle | null> {
  try {
    await editionPlans(usableOf(asking, whole));
    return null;
  } catch (error) {
    return { reason: messageOf(error), models: modelsOf(error, whole) };
  }
}

/** The models that an error of planning is about. */
function modelsOf(error: unknown, { models }: Project): string[] {
  if (!(error instanceof LensError)) return [];
  const named = error.fields['models'];
  if (Array.isArray(named)) return named.map((one: { readonly model: string }) => one.model);
  const file = error.place?.replace(/:\d+$/, '');
  return models.filter(({ path }) => path === file).map(({ name }) => name);
}

function answersOf({ asked }: Project): Map<string, RowsAnswer> {
  return new Map([...asked.values()].flatMap((all) => all.map(({ key, answer }) => [key, answer] as const)));
}

/** The questions that a model's SQL follows from. */
function keysAbove(project: Project, name: string): string[] {
  const keys = (project.asked.get(name) ?? []).map(({ key }) => key);
  return [...keys, ...project.model(name).dependsOn.models.flatMap((one) => keysAbove(project, one))];
}

type Rows = Pick<RowsAnswer, 'columns' | 'rows'>;

function sameRows(one: Rows, other: Rows): boolean {
  return JSON.stringify([one.columns, one.rows]) === JSON.stringify([other.columns, other.rows]);
}

function inOrder({ columns, rows }: Rows): Rows {
  const texts = rows.map((row) => JSON.stringify(row)).sort();
  return { columns, rows: texts.map((row) => [row]) };
}

const SHOWN = 3;

/** `of main.stg (b) came, (a) left`. */
function changesOf(before: ReadonlyMap<string, RowsAnswer>, fresh: ReadonlyMap<string, RowsAnswer>): string[] {
  return [...fresh].flatMap(([key, { columns, rows, reads }]) => {
    const texts = (all: RowsAnswer['rows']): string[] => all.map((row) => row.map(valueText).join(', '));
    const [old, now] = [texts(before.get(key)?.rows ?? []), texts(rows)];
    const came = now.filter((row) => !old.includes(row));
    const left = old.filter((row) => !now.includes(row));
    if (sameRows(before.get(key) ?? { columns: [], rows: [] }, { columns, rows })) return [];
    const parts = [
      ...(came.length > 0 ? [`${shown(came)} came`] : []),
      ...(left.length > 0 ? [`${shown(left)} left`] : []),
      ...(came.length + left.length === 0 ? ['another order, number or type'] : []),
    ];
    const of = reads.map(({ schema, identifier }) => `${schema}.${identifier}`).join(', ') || 'the clock';
    return [`of ${of} ${parts.join(', ')}`];
  });
}

function valueText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function shown(rows: readonly string[]): string {
  const some = rows.slice(0, SHOWN).map((row) => `(${row})`);
  return rows.length > SHOWN ? `${some.join(' ')} and ${rows.length - SHOWN} more` : some.join(' ');
}
