with user_totals as (
    select
        user_id,
        count(*) as total_generations,
        count(*) filter (where status = 'success') as successful_generations,
        {{ units('sum(cost_credits)', 4) }} as cost_units,
        count(distinct session_id) as total_sessions,
        min(generated_at) as first_generation_at,
        max(generated_at) as last_generation_at
    from {{ ref('stg_generations') }}
    group by user_id
)

select
    users.user_id,
    users.user_tier,
    users.signup_date,
    users.cohort_week,
    users.region,
    users.device_type,

    coalesce(user_totals.total_generations, 0) as total_generations,
    coalesce(user_totals.successful_generations, 0) as successful_generations,
    {{ ratio('coalesce(user_totals.cost_units, 0)', 10000, 2) }} as lifetime_cost,
    coalesce(user_totals.total_sessions, 0) as total_sessions,
    user_totals.first_generation_at,
    user_totals.last_generation_at,
    -- a user without generations has 0 / 1
    {{ ratio('100 * coalesce(user_totals.successful_generations, 0)', 'coalesce(user_totals.total_generations, 1)', 1) }}
        as success_rate_pct
from {{ ref('stg_users') }} as users
left join user_totals on user_totals.user_id = users.user_id
