select
    generations.generation_id,
    generations.user_id,
    generations.prompt_id,
    generations.session_id,
    generations.generated_at,
    generations.session_date,
    generations.latency_ms,
    generations.status,
    generations.cost_credits,
    generations.retry_count,
    generations.token_count,
    generations.model_version,
    generations.feedback,
    generations.downloaded,

    {{ flag("generations.status = 'success'") }} as is_success,
    {{ flag("generations.status = 'timeout'") }} as is_timeout,
    {{ flag("generations.status = 'safety_violation'") }} as is_safety_violation,
    {{ flag("generations.status = 'rate_limited'") }} as is_rate_limited,
    {{ flag("generations.status = 'model_error'") }} as is_model_error,
    {{ flag("generations.feedback = 'thumbs_up'") }} as is_thumbs_up,
    {{ flag("generations.feedback = 'thumbs_down'") }} as is_thumbs_down,
    {{ flag("generations.downloaded") }} as is_downloaded,

    -- null while the dimension has not arrived
    users.user_tier,
    users.region,
    prompts.prompt_length_category
from {{ ref('stg_generations') }} as generations
left join {{ ref('dim_users') }} as users on users.user_id = generations.user_id
left join {{ ref('dim_prompts') }} as prompts on prompts.prompt_id = generations.prompt_id
