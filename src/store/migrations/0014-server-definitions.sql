-- Servers that were cloned: what they are launched with, whatever happens to the one they were cloned from.
create table changeover.server_definitions (
  environment text not null,
  name        text not null,
  definition  jsonb not null,
  primary key (environment, name)
);
