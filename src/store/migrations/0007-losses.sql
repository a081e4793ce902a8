-- What a way back after reopening would lose, as it was counted and shown, and what somebody accepted of it.
create table changeover.losses (
  upgrade text not null references changeover.upgrades (id),
  hash    text not null,
  loss    jsonb not null,
  at      timestamptz not null default now(),
  primary key (upgrade, hash)
);

alter table changeover.upgrades add column accepted_loss jsonb;
