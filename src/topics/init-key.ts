/** A record of a sample: the text of its message key, and its value in JSON. */
export interface KeyedSample {
  readonly key: string | null;
  readonly value: Readonly<Record<string, unknown>>;
}

/**
 * The fields that make the message key: those whose values are its text in every record, or, in compact JSON of several, its parts in order.
 * Null when the keys say something else; empty when no record has one.
 */
export function keyOfSample(samples: readonly KeyedSample[], names: readonly string[]): readonly string[] | null {
  if (samples.every(({ key }) => key === null)) return [];
  const single = names.find((name) => samples.every(({ key, value }) => key !== null && key === textOf(value[name])));
  if (single !== undefined) return [single];
  const parts = samples.map(({ key }) => partsOf(key));
  const width = parts[0]?.length ?? 0;
  const fields = Array.from({ length: width }, (_, at) =>
    names.find((name) =>
      samples.every(({ value }, i) => parts[i]?.length === width && textOf(parts[i]?.[at]) === textOf(value[name])),
    ),
  );
  return width > 1 && fields.every((name) => name !== undefined) ? fields : null;
}

function partsOf(key: string | null): readonly unknown[] | null {
  try {
    const parsed: unknown = JSON.parse(key ?? '');
    return Array.isArray(parsed) ? (parsed as unknown[]) : null;
  } catch {
    return null;
  }
}

function textOf(value: unknown): string | undefined {
  if (value === null || typeof value === 'object') return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
