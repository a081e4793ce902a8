-- Who did what, when: every change that was asked for, whether it was allowed or refused.

create table changeover.activity (
  id          bigint generated always as identity primary key,
  at          timestamptz not null default now(),
  by          text not null,
  environment text,
  upgrade     text,
  says        text not null,
  -- Why it was refused or failed; null when it was done.
  problem     text
);

create index activity_by_time on changeover.activity (at desc);
