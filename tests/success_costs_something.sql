-- A successful generation is charged.
select generation_id, cost_credits
from {{ ref('fct_generations') }}
where is_success = 1 and cost_credits <= 0
