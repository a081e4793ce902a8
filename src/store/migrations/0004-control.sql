-- Pausing and aborting an upgrade, and gates that show evidence and take a hot-fix.

alter table changeover.upgrades drop constraint upgrades_state_check;
alter table changeover.upgrades add constraint upgrades_state_check check (state in
  ('waiting', 'running', 'paused', 'at-gate', 'rolling-back', 'upgraded', 'rolled-back', 'stuck'));
alter table changeover.upgrades
  add column paused_at    timestamptz,
  add column paused_by    text,
  add column abort_at     timestamptz,
  add column abort_by     text,
  add column abort_reason text;

alter table changeover.control_requests drop constraint control_requests_verb_check;
alter table changeover.control_requests add constraint control_requests_verb_check check (verb in
  ('rollback', 'resume', 'approve', 'deny', 'pause', 'abort', 'fix'));

alter table changeover.gates drop constraint gates_answer_check;
alter table changeover.gates add constraint gates_answer_check check (answer in
  ('approved', 'denied', 'expired', 'fix'));
alter table changeover.gates
  add column at_deadline text not null default 'way-back' check (at_deadline in ('way-back', 'go-on')),
  add column evidence    jsonb not null default '[]',
  -- Why nobody may approve it now: a hot-fix did not hold.
  add column blocked     text;

-- What people ran at a gate to mend the new release in place, in order.
create table changeover.hot_fixes (
  upgrade  text not null references changeover.upgrades (id),
  number   integer not null,
  gate     text not null,
  script   text not null,
  account  text not null check (account in ('application', 'migration')),
  asked_by text not null,
  asked_at timestamptz not null default now(),
  primary key (upgrade, number)
);
