select
    prompt_id,
    prompt_text,
    char_count,
    token_count,
    generation_seed,
    step,
    cfg,
    sampler,
    width,
    height,
    case
        when token_count <= 10 then 'short'
        when token_count <= 30 then 'medium'
        when token_count <= 60 then 'long'
        else 'very_long'
    end as prompt_length_category
from {{ ref('stg_prompts') }}
