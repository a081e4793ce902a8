-- Rehearsals: which plan is run on which clone, and what came of it; and what was expected of each upgrade.

-- What was foretold when it was started, for comparing; null when nobody foretold anything.
alter table changeover.upgrades add column forecast jsonb;

create table changeover.rehearsals (
  id           text primary key check (id ~ '^r-[a-z0-9]+$'),
  environment  text not null,
  clone        text not null,
  to_release   text not null,
  fail_at      text,
  state        text not null default 'bringing-up'
    check (state in ('bringing-up', 'upgrading', 'taking-down', 'rehearsed', 'failed')),
  asked_by     text not null,
  created_at   timestamptz not null default now(),
  ended_at     timestamptz,
  cancelled_by text,
  problem      jsonb,
  result       jsonb
);

create unique index one_unfinished_rehearsal_per_environment on changeover.rehearsals (environment)
  where state not in ('rehearsed', 'failed');
