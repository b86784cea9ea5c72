with source as (
    select * from {{ source('raw', 'raw_prompts') }}
),

renamed as (
    select
        prompt_id,
        prompt as prompt_text,
        generation_seed,
        step,
        cfg,
        sampler,
        width,
        height,
        -- code points
        length(prompt) as char_count,
        -- the parts between single spaces: '' is 1 and 'a  b' is 3
        len(string_split(prompt, ' ')) as token_count
    from source
)

select * from renamed
