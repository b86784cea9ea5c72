select session_id, user_id, session_start, session_end
from {{ ref('fct_sessions') }}
where session_start > session_end
