-- Values of inputs: the environment's own, and those lent to a group or a server for a time.
create table changeover.inputs (
  environment text not null,
  level       text not null check (level in ('environment', 'group', 'server')),
  -- The group or server by name; empty for the environment's own.
  owner       text not null,
  input       text not null,
  -- As it was written: json, and not jsonb, keeps every character.
  value       json not null,
  -- The loan: whose, what for, since and until when. None for the environment's own.
  by          text,
  why         text,
  since       timestamptz,
  until       timestamptz,
  primary key (environment, level, owner, input),
  check ((level = 'environment') = (owner = '')),
  check (num_nulls(by, why, since, until) = case level when 'environment' then 4 else 0 end)
);

-- All values of an environment as they were before each edit, so that the edit can be taken back exactly.
create table changeover.input_snapshots (
  environment text not null,
  number      integer not null,
  at          timestamptz not null,
  by          text not null,
  -- What the edit does, and what for.
  edit        text not null,
  why         text not null,
  values      text not null,
  primary key (environment, number)
);
