-- 058_repeated_day
-- Grain:  what a build has made: nothing, when the day says what readers see already
-- Reads:  -
-- Writes: build.extent, build.baseline
-- Rerun:  applied once, in order, by number; ops.migration remembers it

alter table build.extent add column is_repeated boolean not null default false;
alter table build.extent add column catalogues_sha256 text;
alter table build.baseline add column catalogues_sha256 text;

comment on column build.extent.is_repeated is 'True: nothing but the day is new. The build tables are empty, but for loaded_day.';
comment on column build.extent.catalogues_sha256 is 'Digest of the catalogues'' files and of what matching made of them.';
comment on column build.baseline.catalogues_sha256 is 'Digest of the catalogues'' files and of what matching made of them.';
