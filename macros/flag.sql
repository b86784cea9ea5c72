{# 1 where the condition holds, 0 where it does not or is null. #}
{% macro flag(condition) -%}
case when {{ condition }} then 1 else 0 end
{%- endmacro %}
