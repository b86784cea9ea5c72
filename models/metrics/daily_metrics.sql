select
    session_date,
    count(distinct user_id) as active_users,
    count(distinct session_id) as total_sessions,
    cast(sum(total_generations) as bigint) as total_generations,

    {{ ratio(units('sum(friction_score)', 1), '10 * count(*)', 1) }} as avg_friction_score,
    {{ ratio(units('sum(success_rate_pct)', 1), '10 * count(*)', 1) }} as avg_success_rate_pct,
    cast(sum(successful_generations) as bigint) as successful_generations,
    cast(sum(timeout_count) as bigint) as timeouts,
    cast(sum(safety_violation_count) as bigint) as safety_violations,
    cast(sum(rate_limited_count) as bigint) as rate_limits,
    cast(sum(model_error_count) as bigint) as model_errors,

    {{ ratio('sum(avg_latency_ms)', 'count(*)', 0) }} as avg_latency_ms,
    {{ ratio(units('sum(total_cost_credits)', 4), 10000, 2) }} as total_cost_credits,

    cast(sum(thumbs_up_count) as bigint) as thumbs_up,
    cast(sum(thumbs_down_count) as bigint) as thumbs_down,
    cast(sum(download_count) as bigint) as downloads
from {{ ref('fct_sessions') }}
group by session_date
