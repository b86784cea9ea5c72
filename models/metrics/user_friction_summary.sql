select
    user_tier,
    count(distinct user_id) as total_users,
    count(*) as total_sessions,
    cast(sum(total_generations) as bigint) as total_generations,

    {{ ratio(units('sum(friction_score)', 1), '10 * count(*)', 1) }} as avg_friction_score,
    count(*) filter (where friction_category = 'high') as high_friction_sessions,
    count(*) filter (where friction_category = 'medium') as medium_friction_sessions,
    count(*) filter (where friction_category = 'low') as low_friction_sessions,

    {{ ratio(units('sum(success_rate_pct)', 1), '10 * count(*)', 1) }} as avg_success_rate_pct,
    {{ ratio('sum(avg_latency_ms)', 'count(*)', 0) }} as avg_latency_ms,
    {{ ratio(units('sum(total_cost_credits)', 4), 10000, 2) }} as total_cost_credits,
    {{ ratio(units('sum(total_cost_credits)', 4), '10000 * count(*)', 2) }} as avg_session_cost,
    {{ ratio('sum(total_generations)', 'count(*)', 1) }} as avg_generations_per_session,

    cast(sum(thumbs_up_count) as bigint) as total_thumbs_up,
    cast(sum(thumbs_down_count) as bigint) as total_thumbs_down,
    cast(sum(download_count) as bigint) as total_downloads,
    {{ ratio('100 * sum(thumbs_up_count + thumbs_down_count)', 'sum(total_generations)', 1) }} as feedback_rate_pct,
    -- per successful generation, so it may pass 100, and is null where there are none
    {{ ratio('100 * sum(download_count)', 'sum(successful_generations)', 1) }} as download_rate_pct
from {{ ref('fct_sessions') }}
group by user_tier
