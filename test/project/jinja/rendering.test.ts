import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { GLOBALS } from '../../../src/project/jinja/globals.ts';
import { Interpreter } from '../../../src/project/jinja/interpreter.ts';
import { Scope } from '../../../src/project/jinja/scope.ts';
import { parseTemplate } from '../../../src/project/jinja/template.ts';
import { Undefined, type Value } from '../../../src/project/jinja/values.ts';

interface Case {
  readonly name: string;
  readonly template: string;
  readonly expect: string;
}

// every case gives the same text in Jinja 3.1 with jinja2.ext.do and jinja2.ext.loopcontrols, which dbt has
const CASES = JSON.parse(readFileSync(new URL('cases.json', import.meta.url), 'utf8')) as Case[];

function render(template: string, names: Readonly<Record<string, Value>> = {}): string {
  const scope = new Scope();
  for (const [name, value] of Object.entries(GLOBALS)) scope.set(name, value);
  for (const [name, value] of Object.entries(names)) scope.set(name, value);
  return new Interpreter().render(parseTemplate(template, 'case'), scope);
}

describe('templates render as in Jinja', () => {
  it.each(CASES)('$name', ({ template, expect: text }) => {
    expect(render(template)).toBe(text);
  });
});

describe("dbt's additions", () => {
  it.each([
    ['return() gives values, not text', '{% macro f() %}{{ return([1, 2]) }}{% endmacro %}{{ f()[1] }}', '2'],
    ['nothing after return() runs', "{% macro f() %}a{% do return('b') %}c{% endmacro %}{{ f() }}", 'b'],
    ['tojson() and fromjson()', "{{ tojson({'a': [1]}) }}{{ fromjson('{\"b\": 2}').b }}", '{"a": [1]}2'],
    [
      'zip() and set()',
      "{% for a, b in zip([1, 2], 'xy') %}{{ a }}{{ b }}{% endfor %}{{ set([2, 2, 1]) }}",
      '1x2y{2, 1}',
    ],
    ['log() prints nothing', "a{{ log('x', info=true) }}b", 'ab'],
    ['as_bool, as_number', "{{ 'True' | as_bool }}{{ '3' | as_number + 1 }}", 'True4'],
  ])('%s', (_, template, text) => {
    expect(render(template)).toBe(text);
  });
});

describe('what stands for something that is not there', () => {
  const absent = new Undefined('lost', { problem: 'the package lost is not installed' });

  it('is false, equal to its like, and has no items', () => {
    const template =
      "{{ 'a' if colum else 'b' }}{% if not colum %}c{% endif %}{{ colum and 1 }}{{ colum or 'd' }}{{ colum == other }}{{ colum == '' }}{% for x in colum %}e{% endfor %}{{ colum | length }}";
    expect(render(template)).toBe('bcdTrueFalse0');
  });

  it.each([
    '{{ lost }}',
    "{{ 'a' ~ lost }}",
    '{{ lost | upper }}',
    '{{ lost | string }}',
    '{{ [lost] }}',
    "{{ lost | map('upper') | list }}",
  ])('and for another reason than its name, is an error where it is printed: %s', (template) => {
    expect(() => render(template, { lost: absent })).toThrow('the package lost is not installed');
  });

  it('may be asked for all the same', () => {
    const template = "{{ lost is defined }}{{ lost | default('a') }}{{ 'b' if lost else 'c' }}";
    expect(render(template, { lost: absent })).toBe('Falseac');
  });
});

describe('what is wrong in a template', () => {
  it.each([
    ['an attribute of an undefined name', '{{ colum.name }}', /'colum' is undefined/],
    ['an item of an undefined name', "{{ colum['name'] }}", /'colum' is undefined/],
    ['a call of an undefined name', '{{ colum(1) }}', /'colum' is undefined/],
    ['adding to an undefined name', "{{ 'a' + colum }}", /'colum' is undefined/],
    ['comparing an undefined name', '{{ colum < 1 }}', /'colum' is undefined/],
    ['a filter that needs a value', '{{ colum | int }}', /'colum' is undefined/],
    ['JSON of an undefined name', '{{ tojson({1: [colum]}) }}', /'colum' is undefined/],
    ['an unknown function', '{{ dbt_utils.star(1) }}', /'dbt_utils' is undefined/],
    ['a test that wants a number', "{{ 'a' is divisibleby(2) }}", /neither odd nor even|needs numbers|divisible/],
    ['a text that is not there', "{{ 'a'.index('b') }}", /not in 'a'/],
    ['an unclosed bracket of a tuple', '{{ (1, }}', /cannot be read/],
    ['an unknown filter', "{{ 'a' | upcase }}", /no filter upcase/],
    ['an unknown argument', '{% macro f(a) %}{% endmacro %}{{ f(b=1) }}', /macro f has no argument b/],
    ['too many arguments', '{% macro f(a) %}{% endmacro %}{{ f(1, 2) }}', /at most 1 argument/],
    ['division by zero', '{{ 1 / 0 }}', /division by zero/],
    ['adding a number to a text', "{{ 'a' + 1 }}", /does not apply to a string and a number/],
    ['endless recursion', '{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}', /without end/],
    ['an error of its own', "{{ exceptions.raise_compiler_error('no such grain') }}", /no such grain/],
    ['an open block', 'a\n{% if true %}\nb', /ends inside a block/],
    ['an open tag', 'a {{ b', /a tag is not closed/],
    ['an open comment', 'a {# b', /a comment is not closed/],
    ['an unknown statement', '{% frobnicate %}', /Unknown statement type: frobnicate/],
  ])('%s', (_, template, message) => {
    expect(() => render(template)).toThrow(message);
  });
});
