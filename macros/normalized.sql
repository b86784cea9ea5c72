{#
  A label as it is compared: without white space around it, in lower case. Plain trim() keeps tabs, line ends and the
  wide spaces of Unicode, so they are named by code point.
#}
{% macro normalized(label) -%}
{%- set spaces = [9, 10, 11, 12, 13, 32, 160, 5760, 8192, 8193, 8194, 8195, 8196, 8197, 8198, 8199, 8200, 8201, 8202,
    8232, 8233, 8239, 8287, 12288, 65279] -%}
lower(trim({{ label }}, chr({{ spaces | join(') || chr(') }})))
{%- endmacro %}
