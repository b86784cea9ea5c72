import fc from 'fast-check';
import { Random } from '../../src/core/random.ts';
import type { TopicCatalog } from '../../src/topics/catalog.ts';
import { dateText, timestampText } from '../../src/topics/time-text.ts';
import type { Happening } from '../materializer/random-history.ts';

type Row = Readonly<Record<string, unknown>>;

/** Tells what happened in a made-up company, as records of its topics. */
export type Tale = (story: Story) => void;

/** 2026-05-01, a Friday. */
const START = Date.UTC(2026, 4, 1);

/** Collects the records of a tale; everything random in it follows from the seed. */
export class Story {
  readonly random: Random;
  readonly happenings: Happening[] = [];
  readonly #catalog: TopicCatalog;
  #instants = 0;

  constructor(catalog: TopicCatalog, seed: number) {
    this.random = new Random(seed);
    this.#catalog = catalog;
  }

  /** A version of a row; its key is what the topic's contract says. */
  put(topic: string, value: Row): void {
    const parts = this.#catalog.contract(topic).key.map((name) => value[name]);
    this.happenings.push({ topic, key: parts.length === 0 ? null : parts.length === 1 ? parts[0] : parts, value });
  }

  /** The row and now and then a later version of it, with some of its values changed. */
  putVersions(topic: string, value: Row, change: () => Row): void {
    let row = value;
    this.put(topic, row);
    while (this.random.chance(0.35)) this.put(topic, (row = { ...row, ...change() }));
  }

  /** So many hours after the start, as a timestamp that nothing else in the story has. */
  at(hours: number): string {
    return timestampText(BigInt(START + Math.round(hours * 60) * 60_000) * 1000n + BigInt(++this.#instants));
  }

  /** So many days after the start, as a date. */
  day(days: number): string {
    return dateText(START / 86_400_000 + days);
  }

  /** A value, or null with the probability `p`. */
  maybe<T>(value: T, p = 0.3): T | null {
    return this.random.chance(p) ? null : value;
  }

  times(atLeast: number, atMost: number, body: (i: number) => void): void {
    const n = atLeast + this.random.below(atMost - atLeast + 1);
    for (let i = 0; i < n; i++) body(i);
  }
}

/**
 * Histories of a tale: its records with some of them sent twice, some keys deleted, and some bytes that are no record, all in
 * any order. So facts come before what they refer to, old versions after new ones, and tombstones before their rows.
 */
export function histories(catalog: TopicCatalog, tale: Tale): fc.Arbitrary<Happening[]> {
  return fc.nat().chain((seed) => {
    const all = happeningsOf(catalog, tale, seed);
    return fc.shuffledSubarray(all, { minLength: Math.floor(all.length / 2) });
  });
}

/** The records of a tale in the order in which they were told, with what goes wrong on their way. */
function happeningsOf(catalog: TopicCatalog, tale: Tale, seed: number): Happening[] {
  const story = new Story(catalog, seed);
  tale(story);
  const { random } = story;
  return story.happenings.flatMap((happening): Happening[] => {
    const { topic } = happening;
    const all = [happening];
    if (random.chance(0.1)) all.push(happening);
    if ('key' in happening && catalog.contract(topic).mode !== 'append' && random.chance(0.1)) {
      all.push({ topic, key: happening.key, value: null });
    }
    if (random.chance(0.02)) all.push({ topic, garbage: random.pick(['', 'AA==', 'AP////8BAgM=']) });
    return all;
  });
}
