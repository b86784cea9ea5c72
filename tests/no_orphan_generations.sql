-- Each generation has its user and its prompt; a late one may break this for a while.
{{ config(severity='warn') }}

select generations.generation_id, generations.user_id, generations.prompt_id
from {{ ref('fct_generations') }} as generations
left join {{ ref('dim_users') }} as users on users.user_id = generations.user_id
left join {{ ref('dim_prompts') }} as prompts on prompts.prompt_id = generations.prompt_id
where users.user_id is null or prompts.prompt_id is null
