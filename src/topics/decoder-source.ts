import { CHUNK_HEAP_LIMIT, CHUNK_ROWS } from '../core/column-chunk.ts';
import type { DecoderPlan, PlanStep } from './decoder-plan.ts';
import { FIRST_DAY, LAST_DAY } from './write-value.ts';

/**
 * The source of the decoder of one writer schema: one loop that reads records of a block straight into the columns of a
 * chunk. It takes only records that are right in every way; at anything else it stops, and the record is looked at the
 * exact way (record-reader.ts), which also finds the reason. `stop` below is that exit: the row is not counted, the
 * heap is cut back. Reading past a record's end is harmless (it stays in the block's buffer) and found at its end.
 *
 * Names: `p` place and `end` of the record, `r` row, `kN` column, `cN` its 32-bit words, `bN` its bytes, `vN` validity.
 */
export function decoderSource(plan: DecoderPlan): string {
  const positions = plan.steps.flatMap((step) => (step.target === null ? [] : [step.target.position]));
  const columns = positions.map(
    (n) => `const k${n} = chunk.columns[${n}], c${n} = k${n}.words, b${n} = k${n}.bytes, v${n} = k${n}.validity;`,
  );
  const lists = plan.steps.flatMap((step) =>
    step.kind === 'numbers' && step.target !== null ? [step.target.position] : [],
  );
  const symbols = plan.steps.flatMap((step, n) => (step.slots === null ? [] : [`const s${n} = use.slots[${n}];`]));
  return `'use strict';
const { wholeMatches, keyMatch, rowCheck, isText, readNumbers } = use;
${symbols.join(' ')}
const f64 = new Float64Array(1), i64 = new Int32Array(f64.buffer), f32 = new Float32Array(1), i32 = new Int32Array(f32.buffer);
return function decode(block, i, to, chunk, id) {
  const u8 = block.bytes, vs = block.valueStart, vl = block.valueLength, ks = block.keyStart, kl = block.keyLength;
  ${columns.join('\n  ')}
  ${lists.map((n) => `let n${n} = k${n}.childCount;`).join(' ')}
  const store = chunk.heap;
  let heap = store.bytes, top = store.length, kept = top;
  let r = chunk.rowCount;
  let p = 0, end = 0, b = 0, v = 0, lo = 0, hi = 0, mid = 0, up = 0, m = 0, w = 0, o = 0, q = 0, x = 0;
  const last = Math.min(to, i + ${CHUNK_ROWS} - r);
  stop: for (; i < last && kept < ${CHUNK_HEAP_LIMIT}; i++) {
    p = vs[i]; end = p + vl[i];
    if (vl[i] < 5 || u8[p] !== 0 || ((u8[p + 1] << 24) | (u8[p + 2] << 16) | (u8[p + 3] << 8) | u8[p + 4]) !== id) break;
    p += 5;
${plan.steps.map(stepSource).join('\n')}
    if (p !== end) break;
    ${keySource(plan)}
    ${plan.patch ? 'if (!rowCheck(chunk, r)) break;' : ''}
    r++; kept = top;${lists.map((n) => ` n${n} = k${n}.childCount;`).join('')}
  }
  chunk.rowCount = r; store.length = kept;
  ${lists.map((n) => `k${n}.childCount = n${n};`).join(' ')}
  if (i < last) chunk.clearRow(r);
  return i;
};`;
}

function keySource({ key }: DecoderPlan): string {
  if (key === null) return '';
  const n = key.wholeNumber;
  const absent = key.optional ? 'kl[i] >= 0 && ' : 'kl[i] < 0 || ';
  if (n === null) return `if (${absent}!keyMatch(u8, ks[i], kl[i], chunk, r)) break;`;
  const halves = n.wide
    ? `c${n.position}[r << 1], c${n.position}[(r << 1) + 1]`
    : `c${n.position}[r], c${n.position}[r] >> 31`;
  return `if (${absent}!wholeMatches(u8, ks[i], kl[i], ${halves})) break;`;
}

function stepSource(step: PlanStep, index: number): string {
  const value = `    // ${step.label.replaceAll(/\s/g, ' ')}\n    ${valueSource(step, index)}`;
  if (step.nullBranch < 0) return value;
  const n = step.target?.position;
  const zero =
    step.target?.width === 16 ? `w = r << 2; c${n}[w] = 0; c${n}[w + 1] = 0; c${n}[w + 2] = 0; c${n}[w + 3] = 0;` : '';
  const absent = n === undefined ? '' : step.nullAllowed ? `v${n}[r >> 5] &= ~(1 << (r & 31)); ${zero}` : 'break stop;';
  return `    b = u8[p++];
    if (b === ${step.nullBranch * 2}) { ${absent} }
    else if (b !== ${2 - step.nullBranch * 2}) break stop;
    else {
${value}
    }`;
}

function valueSource(step: PlanStep, index: number): string {
  const n = step.target?.position ?? -1;
  switch (step.kind) {
    case 'default':
      return defaultSource(step, n);
    case 'boolean':
      return `b = u8[p++]; if (b > 1) break stop;${n < 0 ? '' : ` b${n}[r] = b;`}`;
    case 'int':
      return READ_INT + intTarget(step, n);
    case 'long':
      return READ_LONG + longTarget(step, n);
    case 'float':
      return n < 0 ? 'p += 4;' : floatTarget(step, n);
    case 'double':
      return n < 0
        ? 'p += 8;'
        : READ_DOUBLE + (step.bounds === null ? '' : `${bounds('f64[0]', step)} `) + pair(n, 'i64[0]', 'i64[1]');
    case 'decimal':
      return decimalSource(step, n);
    case 'text':
      return `${step.size === null ? `${READ_INT} if (v < 0 || p + v > end) break stop;` : `v = ${step.size}; if (p + v > end) break stop;`}
      ${n < 0 ? (step.utf8 ? 'if (!isText(u8, p, v)) break stop; p += v;' : 'p += v;') : textTarget(step, n)}`;
    case 'symbol':
      return `${READ_INT} if (v < 0 || v >= ${step.symbols?.length}) break stop;
      ${n < 0 ? '' : `o = v << 2; w = r << 2; if (s${index}[o] < 0) break stop; c${n}[w] = s${index}[o]; c${n}[w + 1] = s${index}[o + 1]; c${n}[w + 2] = s${index}[o + 2]; c${n}[w + 3] = s${index}[o + 3];`}`;
    case 'numbers':
      return `p = readNumbers(k${n}, r, u8, p, end); if (p < 0) break stop;`;
  }
}

const READ_INT = `v = 0; b = u8[p++];
      if (b < 128) v = b;
      else { v = b & 127; b = u8[p++]; v |= (b & 127) << 7;
        if (b > 127) { b = u8[p++]; v |= (b & 127) << 14;
          if (b > 127) { b = u8[p++]; v |= (b & 127) << 21;
            if (b > 127) { b = u8[p++]; if (b > 15) break stop; v |= b << 28; } } } }
      v = (v >>> 1) ^ -(v & 1);`;

/** 64 bits as `lo` and `hi`: 4 bytes of 7 bits in `lo`, 4 in `mid`, the last two in `up`, then zig-zag undone. */
const READ_LONG = `b = u8[p++];
      if (b < 128) { lo = (b >>> 1) ^ -(b & 1); hi = lo >> 31; }
      else { lo = b & 127; b = u8[p++]; lo |= (b & 127) << 7;
        if (b > 127) { b = u8[p++]; lo |= (b & 127) << 14;
          if (b > 127) { b = u8[p++]; lo |= (b & 127) << 21; } }
        if (b < 128) { lo = (lo >>> 1) ^ -(lo & 1); hi = lo >> 31; }
        else {
          up = 0; b = u8[p++]; mid = b & 127;
          if (b > 127) { b = u8[p++]; mid |= (b & 127) << 7;
            if (b > 127) { b = u8[p++]; mid |= (b & 127) << 14;
              if (b > 127) { b = u8[p++]; mid |= (b & 127) << 21;
                if (b > 127) { b = u8[p++]; up = b & 127;
                  if (b > 127) { b = u8[p++]; if (b > 1) break stop; up |= b << 7; } } } } }
          hi = (mid >>> 4) | (up << 24); lo |= mid << 28; q = -(lo & 1);
          lo = ((lo >>> 1) | (hi << 31)) ^ q; hi = (hi >>> 1) ^ q;
        } }`;

const READ_DOUBLE = `if (p + 8 > end) break stop;
      i64[0] = u8[p] | (u8[p + 1] << 8) | (u8[p + 2] << 16) | (u8[p + 3] << 24);
      i64[1] = u8[p + 4] | (u8[p + 5] << 8) | (u8[p + 6] << 16) | (u8[p + 7] << 24); p += 8; `;

const WHOLE = 'hi * 4294967296 + (lo >>> 0)';

function pair(n: number, lo: string, hi: string): string {
  return `w = r << 1; c${n}[w] = ${lo}; c${n}[w + 1] = ${hi};`;
}

/** Stops unless min <= value <= max; NaN stops. */
function bounds(value: string, { bounds: limits }: PlanStep): string {
  if (limits === null) return '';
  const tests = [];
  if (limits.min !== null) tests.push(`${value} >= ${limits.min}`);
  if (limits.max !== null) tests.push(`${value} <= ${limits.max}`);
  return `if (!(${tests.join(' && ')})) break stop;`;
}

function intTarget(step: PlanStep, n: number): string {
  if (n < 0) return '';
  const checked = ` ${bounds('v', step)} `;
  switch (step.target?.column) {
    case 'date':
      return ` if (v < ${FIRST_DAY} || v > ${LAST_DAY}) break stop; c${n}[r] = v;`;
    case 'bigint':
      return checked + pair(n, 'v', 'v >> 31');
    case 'double':
      return `${checked} f64[0] = v; ${pair(n, 'i64[0]', 'i64[1]')}`;
    default:
      return `${checked} c${n}[r] = v;`;
  }
}

function longTarget(step: PlanStep, n: number): string {
  if (n < 0) return '';
  if (step.target?.column === 'double')
    return ` x = ${WHOLE}; ${bounds('x', step)} f64[0] = x; ${pair(n, 'i64[0]', 'i64[1]')}`;
  if (step.target?.column === 'bigint') {
    return `${step.bounds === null ? '' : ` x = ${WHOLE}; ${bounds('x', step)}`} ${pair(n, 'lo', 'hi')}`;
  }
  if (step.milliseconds) {
    // Exact below 2^53 microseconds (the year 2255).
    return ` x = (${WHOLE}) * 1000; if (x > 9007199254740991 || x < -9007199254740991) break stop;
      ${pair(n, 'x | 0', 'Math.floor(x / 4294967296)')}`;
  }
  return ` if (hi < -2147483640 || hi > 2147483640) break stop; ${pair(n, 'lo', 'hi')}`;
}

function floatTarget(step: PlanStep, n: number): string {
  const read =
    'if (p + 4 > end) break stop; lo = u8[p] | (u8[p + 1] << 8) | (u8[p + 2] << 16) | (u8[p + 3] << 24); p += 4;';
  const wide = step.target?.column === 'double';
  const value = step.bounds !== null || wide ? ` i32[0] = lo; ${bounds('f32[0]', step)}` : '';
  return `${read}${value} ${wide ? `f64[0] = f32[0]; ${pair(n, 'i64[0]', 'i64[1]')}` : `c${n}[r] = lo;`}`;
}

/** Big-endian two's complement of up to 8 bytes; anything longer, or beyond 2^53, goes the exact way. */
function decimalSource(step: PlanStep, n: number): string {
  const length = step.size === null ? READ_INT : `v = ${step.size};`;
  const read = `${length} if (v < 1 || v > 8 || p + v > end) break stop;
      hi = u8[p] > 127 ? -1 : 0; lo = hi; for (q = 0; q < v; q++) { hi = (hi << 8) | (lo >>> 24); lo = (lo << 8) | u8[p + q]; } p += v;`;
  if (n < 0) return `${length} if (v < 0 || p + v > end) break stop; p += v;`;
  const checked = `${read} x = ${WHOLE}; ${bounds('x', step)}`;
  if (step.target?.width === 2) return `${checked} b${n}[r << 1] = lo; b${n}[(r << 1) + 1] = lo >> 8;`;
  if (step.target?.width === 4) return `${checked} c${n}[r] = lo;`;
  if (step.target?.width === 8) return `${checked} ${pair(n, 'lo', 'hi')}`;
  return `${checked} w = r << 2; c${n}[w] = lo; c${n}[w + 1] = hi; c${n}[w + 2] = hi >> 31; c${n}[w + 3] = hi >> 31;`;
}

/** Copies v bytes to a 16-byte slot, or to the heap with a prefix in the slot (see ColumnVector). */
function textTarget(step: PlanStep, n: number): string {
  const accepted = step.accepted === null ? '' : `if (!(${step.accepted.map(literalTest).join(' || ')})) break stop;`;
  const check = step.utf8 && step.accepted === null;
  return `${accepted} w = r << 2; m = 0; c${n}[w] = v;
      if (v <= 12) {
        c${n}[w + 1] = 0; c${n}[w + 2] = 0; c${n}[w + 3] = 0; o = (r << 4) + 4;
        for (q = 0; q < v; q++) { b = u8[p + q]; m |= b; b${n}[o + q] = b; }
      } else {
        c${n}[w + 1] = u8[p] | (u8[p + 1] << 8) | (u8[p + 2] << 16) | (u8[p + 3] << 24); c${n}[w + 2] = top; c${n}[w + 3] = 0;
        if (top + v > heap.length) { store.length = top; heap = store.reserve(v); }
        if (v < 64) for (q = 0; q < v; q++) { b = u8[p + q]; m |= b; heap[top + q] = b; }
        else { heap.set(u8.subarray(p, p + v), top); m = 128; }
        top += v;
      }
      ${check ? 'if (m > 127 && !isText(u8, p, v)) break stop;' : ''} p += v;`;
}

function literalTest(literal: Uint8Array): string {
  return [`v === ${literal.length}`, ...[...literal].map((byte, i) => `u8[p + ${i}] === ${byte}`)].join(' && ');
}

/** The words of a row that holds the default, written as they are. */
function defaultSource(step: PlanStep, n: number): string {
  if (step.words === null) {
    return `v${n}[r >> 5] &= ~(1 << (r & 31)); ${step.target?.width === 16 ? `w = r << 2; c${n}[w] = 0; c${n}[w + 1] = 0; c${n}[w + 2] = 0; c${n}[w + 3] = 0;` : ''}`;
  }
  const width = step.target?.width ?? 0;
  if (width < 4) return step.words.map((byte, i) => `b${n}[r * ${width} + ${i}] = ${byte};`).join(' ');
  return step.words.map((word, i) => `c${n}[r * ${width / 4} + ${i}] = ${word};`).join(' ');
}
