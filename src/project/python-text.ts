import { fromJs, text } from './jinja/values.ts';

/** A value of a YAML file as Python prints it: `True`, `2.0`, `['a', 1]`. */
export function pythonText(value: unknown): string {
  return text(fromJs(value));
}
