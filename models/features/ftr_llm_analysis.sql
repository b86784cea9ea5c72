select
    prompts.prompt_id,
    prompts.prompt_text,
    enrichments.llm_domain,
    enrichments.llm_art_style,
    enrichments.llm_complexity_score,
    case
        when enrichments.llm_complexity_score = 5 then 'high'
        when enrichments.llm_complexity_score between 2 and 4 then 'medium'
        when enrichments.llm_complexity_score = 1 then 'low'
    end as complexity_category,
    enrichments.image_path,
    {{ flag('enrichments.llm_domain is not null') }} as has_llm_features,
    {{ flag('enrichments.image_path is not null') }} as has_image,
    enrichments.llm_model,
    enrichments.llm_enriched_at
from {{ ref('dim_prompts') }} as prompts
left join {{ source('raw', 'raw_prompt_enrichments') }} as enrichments on enrichments.prompt_id = prompts.prompt_id
