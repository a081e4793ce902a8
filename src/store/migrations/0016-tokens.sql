-- A number for each control plane that starts, small enough for a lock; until now it was a fencing token.
create sequence changeover.boot;
select setval('changeover.boot', (select last_value from changeover.fencing_token));

-- Hosts remember the newest token also when the control database is forgotten or lost: one that is made anew begins
-- beyond all that an earlier one gave, which is not more than one in a millisecond.
select setval(
  'changeover.fencing_token',
  greatest((select last_value from changeover.fencing_token), (extract(epoch from clock_timestamp()) * 1000)::bigint)
);
