/** What is kept of the seeds, or sources, of each part of a project beside these themselves. */
export interface OfPart {
  /** Names of those that are not enabled, with their place. */
  readonly disabled: ReadonlyMap<string, string>;
  readonly fqns: readonly (readonly string[])[];
  readonly warnings: readonly string[];
}

/**
 * The same of all parts together.
 *
 * @param enabled what is there by name: of that none is disabled
 */
export function joinedParts(all: readonly OfPart[], enabled: ReadonlyMap<string, unknown>): OfPart {
  return {
    disabled: new Map(all.flatMap((one) => [...one.disabled]).filter(([name]) => !enabled.has(name))),
    fqns: all.flatMap((one) => one.fqns),
    warnings: all.flatMap((one) => one.warnings),
  };
}

/** In the order of their names. */
export function sortedByName<T>(byName: ReadonlyMap<string, T>): T[] {
  return [...byName].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, value]) => value);
}
