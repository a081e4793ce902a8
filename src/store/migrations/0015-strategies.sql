-- By which strategy a rehearsal's upgrade runs; all before this were major ones.

alter table changeover.rehearsals add column strategy text not null default 'major';
