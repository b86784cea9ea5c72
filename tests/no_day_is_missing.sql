-- Between the first and the last day, each has its metrics.
with days as (
    select
        session_date,
        lag(session_date) over (order by session_date) as previous_date
    from {{ ref('daily_metrics') }}
)

select previous_date, session_date
from days
where session_date - previous_date > 1
