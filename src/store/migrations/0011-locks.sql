-- Locks of single servers beside those of whole environments, and people who cut sessions short.

alter table changeover.locks drop constraint locks_pkey;
-- Null: the whole environment, and with it all below it.
alter table changeover.locks add column server text;
create unique index one_lock_each on changeover.locks (environment, coalesce(server, ''));

alter table changeover.control_requests drop constraint control_requests_verb_check;
alter table changeover.control_requests add constraint control_requests_verb_check check (verb in
  ('rollback', 'resume', 'approve', 'deny', 'pause', 'abort', 'fix', 'cut-sessions'));
