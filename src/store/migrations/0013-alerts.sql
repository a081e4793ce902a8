-- Alerts: where each one stands, who keeps it quiet, what happened, and which control plane watches.

create table changeover.alert_states (
  environment text not null references changeover.environments (name) on delete cascade,
  alert       text not null,
  target      text not null,
  state       jsonb not null,
  primary key (environment, alert, target)
);

create table changeover.alert_quenches (
  environment text not null references changeover.environments (name) on delete cascade,
  alert       text not null,
  until       timestamptz not null,
  by          text not null,
  reason      text not null,
  primary key (environment, alert)
);

-- What happened and what was done, the newest of each environment only. A task without an outcome is under way.
create table changeover.alert_events (
  id          bigint generated always as identity primary key,
  environment text not null references changeover.environments (name) on delete cascade,
  alert       text not null,
  target      text not null,
  at          timestamptz not null,
  event       text not null check (event in ('raised', 'resolved', 'vote', 'action')),
  says        text not null,
  synthetic   boolean not null,
  -- Of an action: what it takes to do it once more, whose it is, and how it ended.
  task        jsonb,
  boot        bigint,
  outcome     text check (outcome in ('done', 'failed', 'denied', 'nothing')),
  why         text,
  check ((event = 'action') = (task is not null)),
  check ((task is null) = (boot is null))
);

create index alert_events_of_environment on changeover.alert_events (environment, id desc);

-- Only one control plane at a time watches an environment.
create table changeover.alert_watches (
  environment text primary key references changeover.environments (name) on delete cascade,
  boot        bigint not null,
  until       timestamptz not null
);
