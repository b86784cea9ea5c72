with source as (
    select * from {{ source('raw', 'raw_users') }}
),

renamed as (
    select
        user_id,
        {{ normalized('user_tier') }} as user_tier,
        signup_date,
        cohort_week,
        {{ normalized('region') }} as region,
        {{ normalized('device_type') }} as device_type
    from source
)

select * from renamed
