with source as (
    select * from {{ source('raw', 'raw_generations') }}
),

renamed as (
    select
        generation_id,
        prompt_id,
        user_id,
        cast(session_id as bigint) as session_id,
        "timestamp" as generated_at,
        session_date,
        latency_ms,
        {{ normalized('status') }} as status,
        cost_credits,
        retry_count,
        feedback,
        downloaded,
        model_version,
        token_count
    from source
)

select * from renamed
