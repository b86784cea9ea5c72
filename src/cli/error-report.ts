import { LensError, exitCodeOf, messageOf } from '../core/errors.ts';

/**
 * An error as it is printed on standard error. Text: `error CODE: message`, then `  at PLACE` and `  hint: ...` where
 * known; JSON: the same in one object a line with the exit code. Anything that is not a LensError is a defect of the
 * program and shows its stack.
 */
export function reportError(error: unknown, format: 'text' | 'json'): string {
  const known = error instanceof LensError ? error : undefined;
  const code = known?.code ?? 'INTERNAL';
  const place = known?.place;
  const hint = known === undefined ? 'this is a defect of the program: please report it with these lines' : known.hint;
  const stack = known === undefined && error instanceof Error ? error.stack : undefined;
  if (format === 'json') {
    const fields = { level: 'error', code, message: messageOf(error), place, hint, ...known?.fields, stack };
    return `${JSON.stringify({ ...fields, exitCode: exitCodeOf(error) }, (_, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    )}\n`;
  }
  const lines = [`error ${code}: ${messageOf(error)}`];
  if (place !== undefined) lines.push(`  at ${place}`);
  if (stack !== undefined)
    lines.push(
      ...stack
        .split('\n')
        .slice(1)
        .map((line) => `  ${line.trim()}`),
    );
  if (hint !== undefined) lines.push(`  hint: ${hint}`);
  return `${lines.join('\n')}\n`;
}
