-- 40 to 85 of a hundred users are free, and there are some.
select
    count(*) as users,
    count(*) filter (where user_tier = 'free') as free_users
from {{ ref('dim_users') }}
having count(*) = 0
    or 100 * count(*) filter (where user_tier = 'free') not between 40 * count(*) and 85 * count(*)
