-- Who wants a scaling group to grow or to shrink; a voter has one vote.
create table changeover.votes (
  environment text not null,
  group_name  text not null,
  voter       text not null,
  vote        text not null check (vote in ('grow', 'shrink')),
  at          timestamptz not null,
  primary key (environment, group_name, voter)
);
