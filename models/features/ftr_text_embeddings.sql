select
    prompts.prompt_id,
    prompts.prompt_text,
    enrichments.text_embedding,
    {{ flag('enrichments.text_embedding is not null') }} as has_embedding,
    384 as embedding_dimensions,
    enrichments.embedding_model,
    enrichments.embedding_enriched_at
from {{ ref('dim_prompts') }} as prompts
left join {{ source('raw', 'raw_prompt_enrichments') }} as enrichments on enrichments.prompt_id = prompts.prompt_id
