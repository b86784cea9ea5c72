/** Runs the gates over a part of a batch, which is rolled back; gives the tokens that fail. */
export type Trial = (includes: (unit: number) => boolean) => Promise<ReadonlySet<string>>;

/**
 * Finds the units of a refused batch (the versions of one key, mostly one record) that the gates refuse it for, with the
 * tokens that tell what fails with them. At least one is found; the batch is tried again without it.
 *
 * Half of the units at a time, by the bits of their numbers: where a token fails with just one half of each pair, one unit
 * is behind it and the halves spell its number. So 2 log n trials find all units that fail by themselves, however many they
 * are. What fails together with others, as two records of one unique value, is then sought one by one.
 *
 * @param units how many there are
 * @param failing the tokens that fail with all of them
 */
export async function findCulprits(
  units: number,
  failing: ReadonlySet<string>,
  trial: Trial,
): Promise<Map<number, ReadonlySet<string>>> {
  if (units === 1) return new Map([[0, failing]]);
  const spelled = new Map([...failing].map((token) => [token, { sure: 0, unsure: 0 }]));
  for (let bit = 1; bit < units; bit *= 2) {
    const withBit = await trial((unit) => (unit & bit) !== 0);
    const without = await trial((unit) => (unit & bit) === 0);
    for (const [token, number] of spelled) {
      const [first, second] = [withBit.has(token), without.has(token)];
      if (first === second) number.unsure |= bit;
      else if (first) number.sure |= bit;
    }
  }
  const found = new Map<number, Set<string>>();
  for (const [token, { sure, unsure }] of spelled) {
    if (unsure === 0 && sure < units) found.set(sure, (found.get(sure) ?? new Set()).add(token));
  }
  if (found.size > 0) return found;
  const candidates = new Set<number>();
  for (const { sure, unsure } of spelled.values()) {
    for (let unit = 0; unit < units; unit++) if ((unit & ~unsure) === sure) candidates.add(unit);
  }
  return oneByOne(units, candidates, trial);
}

/** On top of all that passes, in the log's order: a half that passes stays, a unit that fails alone is behind it. */
async function oneByOne(
  units: number,
  candidates: ReadonlySet<number>,
  trial: Trial,
): Promise<Map<number, ReadonlySet<string>>> {
  const all = Array.from({ length: units }, (_, unit) => unit);
  const kept = new Set(all.filter((unit) => !candidates.has(unit)));
  if (kept.size > 0 && (await trial((unit) => kept.has(unit))).size > 0) kept.clear();
  const found = new Map<number, ReadonlySet<string>>();
  const seek = async (part: readonly number[]): Promise<void> => {
    if (part.length === 0) return;
    const more = new Set(part);
    const failing = await trial((unit) => kept.has(unit) || more.has(unit));
    if (failing.size === 0) for (const unit of part) kept.add(unit);
    else if (part.length === 1) found.set(part[0] as number, failing);
    else {
      await seek(part.slice(0, part.length >> 1));
      await seek(part.slice(part.length >> 1));
    }
  };
  let left = all.filter((unit) => !kept.has(unit));
  for (let passed = -1; passed !== kept.size;) {
    // What failed before others were there may pass now: a child before its parent.
    passed = kept.size;
    found.clear();
    await seek(left);
    left = [...found.keys()];
  }
  return found;
}
