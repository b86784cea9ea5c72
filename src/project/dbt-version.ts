import { LensError } from '../core/errors.ts';
import type { ProjectFile } from './project-file.ts';

/** The version of dbt whose behaviour this is. */
export const DBT_VERSION = '1.11.16';

const SPECIFIER = /^\s*(>=|<=|>|<|=)?\s*v?(\d+)\.(\d+)\.(\d+)\s*(?:[a-z-].*)?$/i;

/**
 * `require-dbt-version` of a project or package: a list of bounds, or one text with commas between them. PROJECT_INVALID when
 * the version of dbt that this is does not keep them, or one of them cannot be read.
 */
export function checkDbtVersion({ yaml, name }: Pick<ProjectFile, 'yaml' | 'name'>): void {
  const key = 'require-dbt-version';
  const said = yaml.record(yaml.data, [])[key];
  const bounds = yaml.strings(said, [key]).flatMap((one) => one.split(','));
  for (const bound of bounds) {
    const kept = keeps(bound);
    if (kept === true) continue;
    if (kept === null) throw yaml.invalid([key], `${bound.trim()} is no version of dbt`, "write '>=1.8.0,<2.0.0'");
    throw new LensError(
      'PROJECT_INVALID',
      `This version of dbt is not supported with the '${name}' package.\n  Installed version of dbt: =${DBT_VERSION}\n  Required version of dbt for '${name}': [${bounds.map((one) => `'${one.trim()}'`).join(', ')}]`,
      { place: yaml.place([key]), hint: `projects are read as dbt ${DBT_VERSION} reads them` },
    );
  }
}

/** Null when it is not a bound. */
function keeps(bound: string): boolean | null {
  const match = SPECIFIER.exec(bound);
  if (match === null) return null;
  const [, operator = '=', ...parts] = match;
  const own = DBT_VERSION.split('.').map(Number);
  const order = parts.map((part, i) => (own[i] ?? 0) - Number(part)).find((one) => one !== 0) ?? 0;
  if (operator === '>=') return order >= 0;
  if (operator === '<=') return order <= 0;
  if (operator === '>') return order > 0;
  return operator === '<' ? order < 0 : order === 0;
}
