-- Server templates: the folder of each head, and every revision that was ever committed.

create table changeover.templates (
  name          text primary key check (name ~ '^[a-z][a-z0-9-]{0,30}$'),
  -- The head: read anew whenever it is asked for.
  folder        text not null,
  registered_by text not null,
  registered_at timestamptz not null default now()
);

create table changeover.template_revisions (
  template     text not null references changeover.templates (name),
  number       integer not null check (number > 0),
  -- Of everything in the folder; the content itself lies with the artefacts, under this name.
  hash         text not null,
  manifest     jsonb not null,
  message      text not null,
  committed_by text not null,
  committed_at timestamptz not null default now(),
  primary key (template, number),
  -- The same content is the same revision.
  unique (template, hash)
);

-- Servers run with what a revision says: it is never changed, and never gone.
create function changeover.keep_revisions() returns trigger language plpgsql as $$
begin
  raise exception 'a committed revision never changes (%)', tg_op;
end $$;

create trigger keep_revisions before update or delete on changeover.template_revisions
  for each row execute function changeover.keep_revisions();
create trigger keep_all_revisions before truncate on changeover.template_revisions
  for each statement execute function changeover.keep_revisions();

-- Which scripts did what on which server is read from the journal.
create index journal_of_scripts on changeover.journal (result_at desc)
  where step in ('run-script', 'decommission-server', 'decommission-spare');
