import { createHash } from 'node:crypto';
import { largeAsText } from './jinja/numbers.ts';
import { isYamlRecord } from './yaml-file.ts';
import { fromJs, text } from './jinja/values.ts';

/**
 * dbt's name of a generic test: the test, the model and its arguments, in the order of their names, joined by `_` with
 * what no identifier may hold replaced. After `synthesize_generic_test_names` of dbt-core.
 */
export function genericTestName(
  test: string,
  target: string,
  args: Readonly<Record<string, unknown>>,
): GenericTestName {
  const parts = Object.keys(args)
    .sort()
    .flatMap((key) => {
      const value = args[key];
      if (Array.isArray(value)) return value;
      return isYamlRecord(value) ? Object.values(value) : [value];
    })
    .map((value) => text(fromJs(value)).replaceAll(/[^0-9a-zA-Z_]+/g, '_'));
  const identifier = `${test}_${target}`;
  const name = `${identifier}_${parts.join('__')}`;
  const hash = createHash('md5').update(name).digest('hex');
  return { name, shortName: name.length < 64 ? name : `${identifier.slice(0, 30)}_${hash}` };
}

export interface GenericTestName {
  readonly name: string;
  /** At most 63 characters, for files and tables: a long name is cut and told apart by a hash. */
  readonly shortName: string;
}

/** Ten digits that tell apart tests of the same name. */
export function testHash(...parts: readonly unknown[]): string {
  return createHash('md5').update(JSON.stringify(parts, largeAsText)).digest('hex').slice(-10);
}
