import { bind } from '../jinja/arguments.ts';
import { Float, isNumber, numeric } from '../../core/numbers.ts';
import { Operand, TemplateError, typeName, type Callable, type Value } from '../jinja/values.ts';

const MICROS = { days: 86_400e6, hours: 3600e6, minutes: 60e6, seconds: 1e6, milliseconds: 1e3, microseconds: 1 };
const DAY = 86_400_000_000n;

/** Python's `datetime.timedelta`, in microseconds. */
export class TimeDelta extends Operand {
  readonly micros: bigint;

  constructor(micros: bigint) {
    const days = floorDivide(micros, DAY);
    const rest = micros - days * DAY;
    super(
      'timedelta',
      {
        days: Number(days),
        seconds: Number(rest / 1_000_000n),
        microseconds: Number(rest % 1_000_000n),
        total_seconds: () => new Float(Number(micros) / 1e6),
      },
      { text: () => deltaText(days, rest) },
    );
    this.micros = micros;
  }

  operate(operator: string, other: Value, side: 'left' | 'right'): Value | undefined {
    if (other instanceof TimeDelta) {
      if (operator === '+') return new TimeDelta(this.micros + other.micros);
      if (operator === '-' && side === 'left') return new TimeDelta(this.micros - other.micros);
      if (operator === '//' && side === 'left') return Number(floorDivide(this.micros, other.micros));
      if (operator === '/' && side === 'left') return new Float(Number(this.micros) / Number(other.micros));
      return undefined;
    }
    if (operator === '-' && side === 'right' && other === 0) return new TimeDelta(-this.micros);
    if (!isNumber(other)) return undefined;
    const by = Number(numeric(other));
    if (operator === '*') return new TimeDelta(BigInt(Math.round(Number(this.micros) * by)));
    if ((operator === '/' || operator === '//') && side === 'left' && by !== 0)
      return new TimeDelta(BigInt(Math.round(Number(this.micros) / by)));
    return undefined;
  }

  order(other: Value): number | undefined {
    if (!(other instanceof TimeDelta)) return undefined;
    return this.micros < other.micros ? -1 : this.micros > other.micros ? 1 : 0;
  }
}

/** `timedelta(days=1, hours=2)`. */
export const timeDelta: Callable = (args) => {
  const given = bind('timedelta', args, [
    'days',
    'seconds',
    'microseconds',
    'milliseconds',
    'minutes',
    'hours',
    'weeks',
  ]);
  let micros = 0n;
  for (const [name, value] of Object.entries(given)) {
    if (!isNumber(value)) throw new TemplateError(`timedelta() needs a number for ${name}, not a ${typeName(value)}`);
    const unit = name === 'weeks' ? 7 * MICROS.days : MICROS[name as keyof typeof MICROS];
    micros += BigInt(Math.round(Number(numeric(value)) * unit));
  }
  return new TimeDelta(micros);
};

/** As Python's `//`: towards below. */
export function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by !== 0n && value < 0n !== by < 0n ? quotient - 1n : quotient;
}

/** `1 day, 2:00:00`. */
function deltaText(days: bigint, rest: bigint): string {
  const two = (part: bigint): string => String(part).padStart(2, '0');
  const seconds = rest / 1_000_000n;
  const micros = rest % 1_000_000n;
  const time = `${seconds / 3600n}:${two((seconds / 60n) % 60n)}:${two(seconds % 60n)}`;
  const fraction = micros === 0n ? '' : `.${String(micros).padStart(6, '0')}`;
  const before = days === 0n ? '' : `${days} day${days === 1n || days === -1n ? '' : 's'}, `;
  return `${before}${time}${fraction}`;
}
