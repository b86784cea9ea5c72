import type { PlantedFault } from './planted-faults.ts';

/** A source text with a fault in it. Throws when the text that the fault replaces is not there exactly once. */
export function planted({ name, file, find, replace }: PlantedFault, source: string): string {
  const parts = source.split(find);
  if (parts.length !== 2) {
    throw new Error(`the fault "${name}" fits ${parts.length - 1} places of src/${file}, not one: mend its text`);
  }
  return parts.join(replace);
}
