-- Not more than half of the generations may be older than their user's signup.
select
    count(*) as generations,
    count(*) filter (where generations.generated_at < users.signup_date) as before_signup
from {{ ref('fct_generations') }} as generations
left join {{ ref('dim_users') }} as users on users.user_id = generations.user_id
having 2 * count(*) filter (where generations.generated_at < users.signup_date) > count(*)
