-- Locks that people put on environments: at most one each, gone with the environment.

create table changeover.locks (
  environment text primary key references changeover.environments (name) on delete cascade,
  reason      text not null,
  by          text not null,
  at          timestamptz not null default now()
);
