import { INVOCATION, type Invocation } from '../core/invocation.ts';
import { LensError } from '../core/errors.ts';
import { PendingQuestion, questionKey } from './questions.ts';
import { withoutLayout } from './sql-layout.ts';

/** What templates see of the command they are rendered for; goes over the service's control port as JSON. */
export interface RunFacts extends Invocation {
  /** dbt's name of the command: `run`, `build`. */
  readonly which: string;
  /** dbt's flags by their names, as `full_refresh`. */
  readonly flags: Readonly<Record<string, unknown>>;
}

/** The run that a template is rendered for, and what of it the template looked at. */
export class RunMoment {
  readonly facts: RunFacts;
  readonly thread: string;
  /** Names of what was looked at that is other at each run. */
  readonly met = new Set<string>();
  readonly #now: () => number;

  /** @param now milliseconds since 1970 */
  constructor(facts: RunFacts, now: () => number, thread = 'MainThread') {
    this.facts = facts;
    this.thread = thread;
    this.#now = now;
  }

  /** Milliseconds since 1970. */
  now(): number {
    this.met.add('the clock');
    return this.#now();
  }
}

/** Runs that have nothing in common: no field of their times, no digit of their ids, no name. */
const SAMPLES = [
  ['1970-01-01T00:00:00.000Z', '0'],
  ['2038-12-31T23:59:58.987Z', 'f'],
  ['2011-07-20T11:31:29.123Z', '7'],
  ['2026-03-08T18:45:07.456Z', 'b'],
].map(([startedAt, digit], at) => ({
  startedAt: startedAt as string,
  id: '00000000-0000-0000-0000-000000000000'.replaceAll('0', digit as string),
  thread: `Thread-${at}`,
}));

function sample(at: number): RunMoment {
  const { thread, ...invocation } = SAMPLES[at] as (typeof SAMPLES)[number];
  // Each look at the clock is another time.
  let now = Date.parse(invocation.startedAt);
  // models are what a run makes of them
  return new RunMoment({ ...invocation, which: 'run', flags: {} }, () => (now += 61_001 * (at + 1)), thread);
}

/**
 * A run of data tests that begins now, as they see it when they are rendered for it.
 *
 * @param later milliseconds from now
 */
export function testRun(later = 0): RunMoment {
  const now = (): number => Date.now() + later;
  const startedAt = new Date(now()).toISOString();
  return new RunMoment({ id: INVOCATION.id, startedAt, which: 'test', flags: {} }, now);
}

/** What templates are rendered with whose text must not follow from the run. */
export const noRun = (): RunMoment => sample(0);

/**
 * A text that is the same at every run. A template that looks at what is other at each run is rendered for several, which have nothing in
 * common, and what they give is compared. MODEL_NOT_SUPPORTED where it differs in more than layout and comments.
 *
 * @param place for the error
 */
export function atAnyRun<T>(place: string, render: (moment: RunMoment) => T, textOf: (made: T) => string): T {
  const moment = noRun();
  const made = render(moment);
  if (moment.met.size === 0) return made;
  const text = withoutLayout(textOf(made));
  for (let at = 1; at < SAMPLES.length; at++) {
    if (withoutLayout(textOf(render(sample(at)))) === text) continue;
    throw otherAtEachRun(moment, 'its text follows', place);
  }
  return made;
}

const ONE_SECOND = 1000;

/**
 * Renders what is rendered anew for each run, and tells whether that is needed. Questions are answered before, so that they must be the
 * same a second later: those about a day are. MODEL_NOT_SUPPORTED when they are not; throws a PendingQuestion that has no answer yet.
 *
 * @param place for the error
 */
export function atItsRun(place: string, render: (moment: RunMoment) => unknown): boolean {
  const moment = testRun();
  const pending = pendingAt(moment, render);
  const isOther = moment.met.size > 0;
  if (isOther && keyOf(pending) !== keyOf(pendingAt(testRun(ONE_SECOND), render)))
    throw otherAtEachRun(moment, 'a query of its template follows', place);
  // oxlint-disable-next-line typescript/only-throw-error -- the jump out of the rendering, once more
  if (pending !== null) throw pending;
  return isOther;
}

function pendingAt(moment: RunMoment, render: (moment: RunMoment) => unknown): PendingQuestion | null {
  try {
    render(moment);
    return null;
  } catch (error) {
    if (error instanceof PendingQuestion) return error;
    throw error;
  }
}

function keyOf(pending: PendingQuestion | null): string | null {
  return pending === null ? null : questionKey(pending.question);
}

function otherAtEachRun({ met }: RunMoment, what: string, place: string): LensError {
  return new LensError('MODEL_NOT_SUPPORTED', `${what} from ${[...met].join(', ')}, which is other at each run`, {
    place,
    hint: 'the same model must always give the same SQL: write what it gives into the model, or set it under vars:',
  });
}
