import { settleProject } from '../../src/maintenance/settle-project.ts';
import { inputRelations, inputTables } from '../../src/materializer/input-tables.ts';
import { loadProject } from '../../src/project/load-project.ts';
import type { Project } from '../../src/project/project-contract.ts';
import { loadTopics } from '../../src/topics/catalog.ts';
import { changedShop } from './changed-shop.ts';

/** As dbt_utils has them. */
const MACROS = `
{% macro column_values(table, column, order_by='count(*) desc', max_records=none, default=none, where=none) -%}
    {%- if not execute -%}{{ return([] if not default else default) }}{%- endif -%}
    {%- call statement('column_values', fetch_result=true) %}
        {%- if load_relation(table) is none -%}{{ exceptions.raise_compiler_error('no ' ~ table) }}{%- endif -%}
        select {{ column }} as value
        from {{ table }}
        {% if where is not none %}where {{ where }}{% endif %}
        group by {{ column }}
        order by {{ order_by }}
        {% if max_records is not none %}limit {{ max_records }}{% endif %}
    {%- endcall -%}
    {%- set value_list = load_result('column_values') -%}
    {%- if value_list and value_list['data'] -%}
        {{ return(value_list['data'] | map(attribute=0) | list) }}
    {%- else -%}
        {{ return(default) }}
    {%- endif -%}
{%- endmacro %}

{% macro results_as_dict(query) %}
    {%- call statement('results_as_dict', fetch_result=True) -%}{{ query }}{%- endcall -%}
    {% set results = {} %}
    {%- if execute -%}
        {%- for name, column in load_result('results_as_dict').table.columns.items() -%}
            {% do results.update({name: column.values()}) %}
        {%- endfor -%}
    {%- endif -%}
    {{ return(results) }}
{% endmacro %}

{% macro single_value(query) %}
    {%- call statement('single_value', fetch_result=True) -%}{{ query }}{%- endcall -%}
    {%- if execute -%}{{ return(load_result('single_value').table.columns[0].values()[0]) }}{%- endif -%}
{% endmacro %}
`;

/** Models whose columns follow from rows: of a view, of a table, of a model that asks itself. */
export const ASKING = {
  'macros/values.sql': MACROS,
  // with no rows there is nothing to loop over: it waits for some
  'models/asking/status_pivot.sql': `{{ config(materialized='table') }}
select
    customer_id
    {% for status in column_values(ref('stg_orders'), 'status') %}
    , sum(case when status = '{{ status }}' then amount_cents else 0 end) as "{{ status }}_cents"
    {% endfor %}
from {{ ref('stg_orders') }}
group by customer_id`,
  // a default for no rows
  'models/asking/country_flags.sql': `{{ config(materialized='table') }}
select
    customer_id
    {% for country in column_values(ref('dim_customers'), 'country', order_by='1', default=[], where='country is not null') %}
    , country = '{{ country }}' as "is_{{ country }}"
    {% endfor %}
from {{ ref('dim_customers') }}`,
  // the columns of a model whose SQL follows from rows, and its rows
  'models/asking/after_pivot.sql': `{{ config(materialized='table') }}
{% set biggest = results_as_dict('select max(customer_id) as last_id, count(*) as n from ' ~ ref('status_pivot')) %}
select
    {% for column in adapter.get_columns_in_relation(ref('status_pivot')) %}{{ column.quoted }}, {% endfor %}
    '{{ biggest['last_id'][0] if execute }}' as last_id, {{ biggest['n'][0] if execute }} as customers
from {{ ref('status_pivot') }}`,
  'models/asking/above_mean.sql': `
{% set mean = single_value('select coalesce(round(avg(amount_cents)), 0)::bigint from ' ~ ref('fct_orders')) %}
select order_id, {{ mean }} as mean_cents from {{ ref('fct_orders') }} where amount_cents > {{ mean }}`,
};

/** The shop with models that ask. */
export function askingShop(files: Readonly<Record<string, string>> = {}): string {
  return changedShop({ ...ASKING, ...files });
}

/** Such a project, as a process reads it before it has opened a warehouse. */
export function askingProject(dir: string): Promise<Project> {
  const catalog = loadTopics(dir);
  return settleProject(loadProject(dir), (project) => inputRelations(inputTables(catalog, project)));
}
