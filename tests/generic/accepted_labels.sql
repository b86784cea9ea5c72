{# Labels that are none of the values after trimming and lower-casing, as the topic's check compares them; null passes. #}
{% test accepted_labels(model, column_name, values) %}
select {{ column_name }}
from {{ model }}
where {{ normalized(column_name) }} not in ('{{ values | join("', '") }}')
{% endtest %}
