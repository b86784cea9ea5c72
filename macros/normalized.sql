{# A label as it is compared: without white space around it (plain trim() keeps tabs and line ends), in lower case. #}
{% macro normalized(label) -%}
lower(trim({{ label }}, chr(32) || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)))
{%- endmacro %}
