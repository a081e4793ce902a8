-- What was asked of backups, by whom, and which run does it. What is about the data lies beside the data.
create table changeover.backup_requests (
  id          bigint generated always as identity primary key,
  environment text not null,
  verb        text not null check (verb in ('take', 'verify', 'restore')),
  by          text not null,
  -- By the clock of the control plane, not by a person.
  scheduled   boolean not null,
  at          timestamptz not null,
  -- Which backup; null for one that is to be taken.
  backup      text,
  -- Null: it was refused before anything began, and `problem` says why.
  upgrade     text references changeover.upgrades (id),
  problem     jsonb,
  check ((upgrade is null) = (problem is not null))
);

create index backup_requests_of_environment on changeover.backup_requests (environment, id desc);
