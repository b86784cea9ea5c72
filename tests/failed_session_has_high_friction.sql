-- Errors alone weigh 50, so a session without any success has at least that.
select session_id, user_id, friction_score
from {{ ref('fct_sessions') }}
where successful_generations = 0 and friction_score < 50
