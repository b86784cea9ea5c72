/**
 * The common generic tests of the package dbt_utils, for projects that name them without having it installed: the same names,
 * arguments and failing rows, in SQL of our own. `dbt_utils.NAME` in a yml file is the macro {@link dbtUtilsMacro} of it.
 * https://github.com/dbt-labs/dbt-utils#generic-tests
 */
export const DBT_UTILS_FILE = 'built-in tests of dbt_utils';

/** The macro of a test. */
export function dbtUtilsMacro(test: string): string {
  return `dbt_utils__test_${test}`;
}

export const DBT_UTILS_MACROS = `
{% macro dbt_utils__test_accepted_range(model, column_name, min_value=none, max_value=none, inclusive=true) %}
{% set equal = '=' if inclusive else '' %}
select *
from {{ model }}
where false
{%- if min_value is not none %}
    or not ({{ column_name }} >{{ equal }} {{ min_value }})
{%- endif %}
{%- if max_value is not none %}
    or not ({{ column_name }} <{{ equal }} {{ max_value }})
{%- endif %}
{% endmacro %}

{% macro dbt_utils__test_expression_is_true(model, expression, column_name=none) %}
select {{ '*' if should_store_failures() else '1 as filler_column' }}
from {{ model }}
where not ({{ column_name if column_name is not none else '' }} {{ expression }})
{% endmacro %}

{% macro dbt_utils__test_unique_combination_of_columns(model, combination_of_columns, quote_columns=false) %}
{% set columns = [] %}
{% for column in combination_of_columns %}
    {%- do columns.append(adapter.quote(column) if quote_columns else column) -%}
{% endfor %}
select {{ columns | join(', ') }}
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
{% endmacro %}

{% macro dbt_utils__test_not_null_proportion(model, column_name, at_least, at_most=1, group_by_columns=[]) %}
{% set groups = group_by_columns | join(', ') %}
with validation as (
    select
        {{ groups ~ ',' if groups else '' }}
        count({{ column_name }}) / cast(count(*) as {{ type_numeric() }}) as not_null_proportion
    from {{ model }}
    {{ 'group by ' ~ groups if groups else '' }}
)

select *
from validation
where not_null_proportion < {{ at_least }} or not_null_proportion > {{ at_most }}
{% endmacro %}

{% macro dbt_utils__test_not_empty_string(model, column_name, trim_whitespace=true) %}
select *
from {{ model }}
{% if trim_whitespace -%}
where trim({{ column_name }}, ' ' || chr(9) || chr(10) || chr(13)) = ''
{%- else -%}
where {{ column_name }} = ''
{%- endif %}
{% endmacro %}

{% macro dbt_utils__test_at_least_one(model, column_name, group_by_columns=[]) %}
{% set groups = group_by_columns | reject('equalto', column_name) | join(', ') %}
select
    {{ groups ~ ',' if groups else '' }}
    count({{ column_name }}) as filler_column
from {{ model }}
{{ 'group by ' ~ groups if groups else '' }}
having count({{ column_name }}) = 0
{% endmacro %}

{% macro dbt_utils__test_equal_rowcount(model, compare_model, group_by_columns=[]) %}
{{ config(fail_calc='coalesce(sum(diff_count), 0)') }}
{{ dbt_utils__row_counts(model, compare_model, group_by_columns) }}
select *, abs(count_a - count_b) as diff_count
from counts
{% endmacro %}

{% macro dbt_utils__test_fewer_rows_than(model, compare_model, group_by_columns=[]) %}
{{ config(fail_calc='coalesce(sum(row_count_delta), 0)') }}
{{ dbt_utils__row_counts(model, compare_model, group_by_columns) }}
select *, greatest(count_a - count_b + 1, 0) as row_count_delta
from counts
{% endmacro %}

{% macro dbt_utils__row_counts(model, compare_model, group_by_columns) %}
{% set groups = group_by_columns | join(', ') %}
with a as (
    select {{ groups ~ ',' if groups else '' }} count(*) as count_a from {{ model }} {{ 'group by ' ~ groups if groups else '' }}
),

b as (
    select {{ groups ~ ',' if groups else '' }} count(*) as count_b from {{ compare_model }} {{ 'group by ' ~ groups if groups else '' }}
),

counts as (
    select
        {% for column in group_by_columns -%}
        a.{{ column }} as {{ column }}_a,
        b.{{ column }} as {{ column }}_b,
        {% endfor -%}
        coalesce(count_a, 0) as count_a,
        coalesce(count_b, 0) as count_b
    from a
    full join b on true
    {%- for column in group_by_columns %}
        and a.{{ column }} = b.{{ column }}
    {%- endfor %}
)
{% endmacro %}

{% macro dbt_utils__test_recency(model, field, datepart, interval, ignore_time_component=false, group_by_columns=[]) %}
{% set groups = group_by_columns | join(', ') %}
{% set type = 'date' if ignore_time_component else type_timestamp() %}
{% set threshold = 'cast(' ~ dateadd(datepart, interval * -1, current_timestamp()) ~ ' as ' ~ type ~ ')' %}
with recency as (
    select
        {{ groups ~ ',' if groups else '' }}
        max(cast({{ field }} as {{ type }})) as most_recent
    from {{ model }}
    {{ 'group by ' ~ groups if groups else '' }}
)

select *, {{ threshold }} as threshold
from recency
where most_recent < {{ threshold }}
{% endmacro %}

{% macro dbt_utils__test_relationships_where(model, column_name, to, field, from_condition='1=1', to_condition='1=1') %}
with left_table as (
    select {{ column_name }} as id
    from {{ model }}
    where {{ column_name }} is not null and {{ from_condition }}
),

right_table as (
    select {{ field }} as id
    from {{ to }}
    where {{ field }} is not null and {{ to_condition }}
)

select left_table.id, right_table.id as right_id
from left_table
left join right_table on left_table.id = right_table.id
where right_table.id is null
{% endmacro %}

{% macro dbt_utils__test_mutually_exclusive_ranges(
    model, lower_bound_column, upper_bound_column, partition_by=none, gaps='allowed', zero_length_range_allowed=false
) %}
{% set before_next = {'not_allowed': '=', 'allowed': '<=', 'required': '<'} %}
{% if gaps not in before_next %}
    {{ exceptions.raise_compiler_error('gaps must be one of not_allowed, allowed, required, not ' ~ gaps) }}
{% endif %}
{% set partition = 'partition by ' ~ partition_by if partition_by else '' %}
with ranges as (
    select
        {{ partition_by ~ ' as partition_by_col,' if partition_by else '' }}
        {{ lower_bound_column }} as lower_bound,
        {{ upper_bound_column }} as upper_bound,
        lead({{ lower_bound_column }}) over (
            {{ partition }} order by {{ lower_bound_column }}, {{ upper_bound_column }}
        ) as next_lower_bound,
        row_number() over (
            {{ partition }} order by {{ lower_bound_column }} desc, {{ upper_bound_column }} desc
        ) = 1 as is_last_record
    from {{ model }}
),

judged as (
    select
        *,
        coalesce(lower_bound <{{ '=' if zero_length_range_allowed else '' }} upper_bound, false) as bounds_in_order,
        coalesce(upper_bound {{ before_next[gaps] }} next_lower_bound, is_last_record, false) as before_the_next
    from ranges
)

select *
from judged
where not (bounds_in_order and before_the_next)
{% endmacro %}

{% macro dbt_utils__test_sequential_values(model, column_name, interval=1, datepart=none, group_by_columns=[]) %}
{% set groups = group_by_columns | join(', ') %}
with windowed as (
    select
        {{ groups ~ ',' if groups else '' }}
        {{ column_name }},
        lag({{ column_name }}) over (
            {{ 'partition by ' ~ groups if groups else '' }} order by {{ column_name }}
        ) as previous_value
    from {{ model }}
)

select *
from windowed
{% if datepart -%}
where not (cast({{ column_name }} as {{ type_timestamp() }}) = cast({{ dateadd(datepart, interval, 'previous_value') }} as {{ type_timestamp() }}))
{%- else -%}
where not ({{ column_name }} = previous_value + {{ interval }})
{%- endif %}
{% endmacro %}

{% macro dbt_utils__test_cardinality_equality(model, column_name, to, field) %}
with table_a as (
    select {{ column_name }} as value, count(*) as num_rows from {{ model }} group by {{ column_name }}
),

table_b as (
    select {{ field }} as value, count(*) as num_rows from {{ to }} group by {{ field }}
)

(select * from table_a except select * from table_b)
union all
(select * from table_b except select * from table_a)
{% endmacro %}

{% macro dbt_utils__test_not_accepted_values(model, column_name, values, quote=true) %}
select {{ column_name }} as value_field, count(*) as n_records
from {{ model }}
where {{ column_name }} in (
    {%- for value in values %}{{ "'" ~ value ~ "'" if quote else value }}{{ ', ' if not loop.last else '' }}{% endfor -%}
)
group by {{ column_name }}
{% endmacro %}

{% macro dbt_utils__test_not_constant(model, column_name, group_by_columns=[]) %}
{% set groups = group_by_columns | join(', ') %}
select
    {{ groups ~ ',' if groups else '' }}
    count(distinct {{ column_name }}) as filler_column
from {{ model }}
{{ 'group by ' ~ groups if groups else '' }}
having count(distinct {{ column_name }}) = 1
{% endmacro %}
`;
