-- What the control plane remembers: environments, plans, upgrades and what happened in them.

-- Hosts refuse a token that is older than the newest they have seen.
create sequence changeover.fencing_token;

create table changeover.environments (
  name            text primary key,
  definition      jsonb not null,
  definition_path text not null,
  network         jsonb not null default '{}',
  saved_at        timestamptz not null default now()
);

create table changeover.plans (
  hash        text primary key,
  environment text not null,
  plan        jsonb not null,
  made_at     timestamptz not null default now()
);

create table changeover.upgrades (
  id              text primary key check (id ~ '^u-[a-z0-9]+$'),
  environment     text not null,
  plan_hash       text not null references changeover.plans (hash),
  state           text not null default 'waiting'
    check (state in ('waiting', 'running', 'at-gate', 'rolling-back', 'upgraded', 'rolled-back', 'stuck')),
  options         jsonb not null,
  asked_by        text not null,
  created_at      timestamptz not null default now(),
  started_at      timestamptz,
  ended_at        timestamptz,
  reason          text,
  problem         jsonb,
  way_back_at     timestamptz,
  way_back_by     text,
  way_back_reason text,
  token           bigint not null,
  -- Each time somebody sets it going: 1 is the upgrade itself, 2 and more continue what was stuck.
  round           integer not null default 1,
  entry           text not null default 'forward' check (entry in ('forward', 'way-back')),
  -- The control plane that promised to run this round.
  boot            bigint not null,
  journal_length  integer not null default 0
);

create unique index one_unfinished_upgrade_per_environment on changeover.upgrades (environment)
  where state not in ('upgraded', 'rolled-back');

create table changeover.journal (
  upgrade     text not null references changeover.upgrades (id),
  sequence    integer not null,
  step_index  integer not null,
  stage       text not null,
  step        text not null,
  direction   text not null check (direction in ('apply', 'undo', 'after')),
  try         integer not null,
  says        text not null,
  intent_at   timestamptz not null default clock_timestamp(),
  result_at   timestamptz,
  result      text check (result in ('done', 'failed')),
  acted       boolean not null default true,
  found_done  boolean not null default false,
  evidence    jsonb,
  problem     jsonb,
  duration_ms integer,
  primary key (upgrade, sequence),
  unique (upgrade, direction, step_index, try)
);

create table changeover.gates (
  upgrade     text not null references changeover.upgrades (id),
  gate        text not null,
  question    text not null,
  plan_hash   text not null,
  asked_at    timestamptz not null,
  deadline_at timestamptz not null,
  answer      text check (answer in ('approved', 'denied', 'expired')),
  answered_by text,
  answered_at timestamptz,
  primary key (upgrade, gate)
);

create table changeover.ledgers (
  upgrade text primary key references changeover.upgrades (id),
  summary jsonb not null
);

create table changeover.control_requests (
  id      bigint generated always as identity primary key,
  upgrade text not null references changeover.upgrades (id),
  verb    text not null check (verb in ('rollback', 'resume', 'approve', 'deny')),
  by      text not null,
  at      timestamptz not null default now(),
  reason  text not null
);

-- A try gets one result, once; what is written stays.
create function changeover.keep_journal() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' or old.result is not null then
    raise exception 'the journal is append-only (upgrade %, sequence %)', old.upgrade, old.sequence;
  end if;
  return new;
end $$;

create trigger keep_journal before update or delete on changeover.journal
  for each row execute function changeover.keep_journal();

create function changeover.tell_watchers() returns trigger language plpgsql as $$
begin
  perform pg_notify('changeover', to_jsonb(new) ->> tg_argv[0]);
  return null;
end $$;

create trigger tell_watchers after insert or update on changeover.upgrades
  for each row execute function changeover.tell_watchers('id');
create trigger tell_watchers after insert or update on changeover.journal
  for each row execute function changeover.tell_watchers('upgrade');
create trigger tell_watchers after insert or update on changeover.gates
  for each row execute function changeover.tell_watchers('upgrade');
create trigger tell_watchers after insert or update on changeover.ledgers
  for each row execute function changeover.tell_watchers('upgrade');
