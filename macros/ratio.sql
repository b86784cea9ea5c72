{#
  numerator / denominator, rounded half away from zero on the exact quotient: DECIMAL(18, digits), digits 0 to 4.
  Both are whole numbers, numerator >= 0 and denominator >= 0; null where the denominator is 0 or either is null.
  Integers only, since DECIMAL / x and avg(DECIMAL) are DOUBLE in DuckDB.
#}
{% macro ratio(numerator, denominator, digits) -%}
{%- set shift = [1, 10, 100, 1000, 10000][digits] -%}
{%- set unit = ['1', '0.1', '0.01', '0.001', '0.0001'][digits] -%}
cast(
    cast(
        (2 * cast({{ numerator }} as hugeint) * {{ shift }} + cast({{ denominator }} as hugeint))
        // (2 * nullif(cast({{ denominator }} as hugeint), 0))
    as bigint) * {{ unit }}
as decimal(18, {{ digits }}))
{%- endmacro %}
