-- What people decided about a scaling group, and the group itself when it gave up. How many servers it has is read from
-- the world; what was tried with it is read from the runs.
create table changeover.groups (
  environment text not null,
  name        text not null,
  enabled     boolean not null,
  -- Null: nobody said so, it came up like that.
  by          text,
  since       timestamptz,
  reason      text not null default '',
  -- When it was last enabled: failed launches before it do not count.
  enabled_at  timestamptz,
  -- Set by people in the place of the file's and the schedule's; null: those hold.
  min         integer,
  max         integer,
  primary key (environment, name),
  check (min >= 0 and max >= 0)
);
