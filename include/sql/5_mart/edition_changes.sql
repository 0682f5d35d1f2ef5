-- mart.edition_changes
-- Grain:  title of a catalogue that is not the same from one edition to the next
-- Reads:  matching.edition, matching.edition_match, ops.load
-- Writes: mart.edition_changes (view)
-- Rerun:  create or replace; new columns go to the end

create or replace view mart.edition_changes as
select
    edition.source as platform,
    load.batch_date as day,
    former_load.batch_date as former_day,
    edition_match.verdict,
    edition_match.former_title,
    edition_match.title,
    coalesce(edition_match.kind, edition_match.former_kind) as kind,
    edition_match.former_year,
    edition_match.release_year,
    edition_match.former_source_id,
    edition_match.source_id,
    edition_match.probability,
    edition_match.rival_title,
    edition_match.rival_kind,
    edition_match.rival_year,
    edition_match.evidence,
    edition.load_id
from matching.edition_match
inner join matching.edition
    on
        edition_match.load_id = edition.load_id
        and edition_match.source = edition.source
inner join ops.load on edition.load_id = load.load_id
inner join ops.load as former_load on edition.former_load_id = former_load.load_id
where
    load.published_at is not null
    and (edition_match.verdict <> 'same' or edition_match.kind <> edition_match.former_kind);

comment on view mart.edition_changes is 'Grain: one title of a platform''s catalogue that came, went, or changed its title, year or kind from one published edition to the next. By identity, not by id or name.';
comment on column mart.edition_changes.platform is 'netflix, amazon, disney, hulu.';
comment on column mart.edition_changes.day is 'Day of the edition.';
comment on column mart.edition_changes.former_day is 'Day of the edition before.';
comment on column mart.edition_changes.verdict is 'same (its kind changed), renamed, year corrected, removed, added.';
comment on column mart.edition_changes.former_title is 'As the former edition writes it.';
comment on column mart.edition_changes.title is 'As this edition writes it.';
comment on column mart.edition_changes.kind is 'movie or series.';
comment on column mart.edition_changes.former_year is 'release_year in the former edition.';
comment on column mart.edition_changes.release_year is 'release_year in this edition.';
comment on column mart.edition_changes.former_source_id is 'Id in the former edition.';
comment on column mart.edition_changes.source_id is 'Id in this edition.';
comment on column mart.edition_changes.probability is 'That both rows are one title; null for removed and added.';
comment on column mart.edition_changes.rival_title is 'Removed and added: row of the other edition that has the same title and is another title.';
comment on column mart.edition_changes.rival_kind is 'movie or series, of that row.';
comment on column mart.edition_changes.rival_year is 'release_year of that row.';
comment on column mart.edition_changes.evidence is 'In words, former → present.';
comment on column mart.edition_changes.load_id is 'The load of the edition.';
