with session_totals as (
    select
        session_id,
        user_id,
        max(user_tier) as user_tier,
        max(region) as region,

        min(generated_at) as session_start,
        max(generated_at) as session_end,
        min(session_date) as session_date,

        count(*) as total_generations,
        cast(sum(is_success) as bigint) as successful_generations,
        cast(sum(is_timeout) as bigint) as timeout_count,
        cast(sum(is_safety_violation) as bigint) as safety_violation_count,
        cast(sum(is_rate_limited) as bigint) as rate_limited_count,
        cast(sum(is_model_error) as bigint) as model_error_count,

        cast(sum(latency_ms) as bigint) as total_latency_ms,
        max(latency_ms) as max_latency_ms,
        cast(sum(cost_credits) as decimal(18, 4)) as total_cost_credits,
        cast(sum(retry_count) as bigint) as total_retries,

        cast(sum(is_thumbs_up) as bigint) as thumbs_up_count,
        cast(sum(is_thumbs_down) as bigint) as thumbs_down_count,
        cast(sum(is_downloaded) as bigint) as download_count
    from {{ ref('fct_generations') }}
    group by session_id, user_id
),

scored as (
    select
        *,
        -- friction is this over 10000 * total_generations: 50 x error rate, 33 x min(1, average latency / 5000 ms)
        -- and 17 x min(1, average retries / 2), over one denominator, so never above 100
        500000 * cast(total_generations - successful_generations as hugeint)
            + 66 * cast(least(total_latency_ms, 5000 * total_generations) as hugeint)
            + 85000 * cast(least(total_retries, 2 * total_generations) as hugeint) as friction_weight
    from session_totals
)

select
    session_id,
    user_id,
    user_tier,
    region,

    session_start,
    session_end,
    session_date,
    {{ ratio("date_diff('microsecond', session_start, session_end)", 60000000, 2) }} as session_duration_min,

    total_generations,
    successful_generations,
    {{ ratio('100 * successful_generations', 'total_generations', 1) }} as success_rate_pct,
    timeout_count,
    safety_violation_count,
    rate_limited_count,
    model_error_count,

    {{ ratio('total_latency_ms', 'total_generations', 0) }} as avg_latency_ms,
    max_latency_ms,
    total_cost_credits,
    total_retries,
    {{ ratio('total_retries', 'total_generations', 2) }} as avg_retry_count,

    thumbs_up_count,
    thumbs_down_count,
    download_count,

    {{ ratio('friction_weight', '10000 * total_generations', 1) }} as friction_score,
    -- by the exact value: 9.966 shows 10.0 and is low
    case
        when friction_weight < 100000 * total_generations then 'low'
        when friction_weight < 300000 * total_generations then 'medium'
        else 'high'
    end as friction_category
from scored
