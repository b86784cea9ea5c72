{# A DECIMAL of at most `digits` digits after the point as a whole number (HUGEINT) of its last digit: 1.5 with 4 is 15000. #}
{% macro units(amount, digits) -%}
{%- set shift = [1, 10, 100, 1000, 10000][digits] -%}
cast({{ amount }} * {{ shift }} as hugeint)
{%- endmacro %}
