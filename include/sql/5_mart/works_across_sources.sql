-- mart.works_across_sources
-- Grain:  work that some catalogue or Rotten Tomatoes has
-- Reads:  matching.work_member, matching.work_join, matching.source_title
-- Writes: mart.works_across_sources (view)
-- Rerun:  create or replace; new columns go to the end
-- Notes:  of the day matched last, which readers of the warehouse may not have yet

create or replace view mart.works_across_sources as
with

works as (
    select
        member.work_key,
        min(title.kind) as kind,
        array_agg(distinct member.source order by member.source) as sources,
        array_agg(member.source || ' ' || member.source_id order by member.source, member.source_id) as entries,
        count(*)::integer as entry_count,
        -- The row whose name a work without a link bears comes first: sources in the order that linking has.
        (
            array_agg(
                title.title
                order by
                    array_position(
                        array['netflix', 'rotten_tomatoes', 'amazon', 'disney', 'hulu', 'justwatch'], member.source
                    ),
                    title.title collate "C"
            )
        )[1] as title,
        min(title.release_year) as first_year,
        max(title.release_year) as last_year,
        min(member.imdb_title_number) as imdb_title_number,
        min(member.proposed_imdb_title_number) as proposed_imdb_title_number,
        min(member.through_source || ' ' || member.through_source_id) as proposed_through,
        min(member.load_id) as load_id
    from matching.work_member as member
    inner join matching.source_title as title
        on member.source = title.source and member.source_id = title.source_id
    group by member.work_key
),

evidence as (
    select
        member.work_key,
        array_agg(
            work_join.source || ' ' || work_join.source_id || ', '
            || work_join.other_source || ' ' || work_join.other_source_id || ': '
            || array_to_string(work_join.evidence, '; ')
            order by work_join.source, work_join.source_id, work_join.other_source, work_join.other_source_id
        ) as evidence
    from matching.work_join
    inner join matching.work_member as member
        on work_join.source = member.source and work_join.source_id = member.source_id
    where work_join.outcome = 'joined'
    group by member.work_key
)

select
    works.work_key,
    works.title,
    works.kind,
    works.first_year,
    works.last_year,
    works.sources,
    works.entries,
    works.entry_count,
    matching.imdb_id(works.imdb_title_number) as imdb_title_id,
    matching.imdb_id(works.proposed_imdb_title_number) as proposed_imdb_title_id,
    works.proposed_through,
    coalesce(evidence.evidence, '{}') as evidence,
    works.load_id
from works
left join evidence on works.work_key = evidence.work_key;

comment on view mart.works_across_sources is 'Grain: one work that some source but IMDb has: which rows of which sources it is, linked to IMDb or not. Of the day matched last.';
comment on column mart.works_across_sources.work_key is 'tt and number of the IMDb title; else a natural key.';
comment on column mart.works_across_sources.title is 'As Netflix writes it, else Rotten Tomatoes, Amazon, Disney+, Hulu, JustWatch.';
comment on column mart.works_across_sources.kind is 'movie or series; of rows linked to one IMDb title that differ, movie.';
comment on column mart.works_across_sources.first_year is 'Earliest release_year among its rows. For series some sources say the first season''s year, some the latest''s.';
comment on column mart.works_across_sources.last_year is 'Latest release_year among its rows.';
comment on column mart.works_across_sources.sources is 'Sources that have it, in alphabetical order.';
comment on column mart.works_across_sources.entries is 'Its rows: source and id in this edition.';
comment on column mart.works_across_sources.entry_count is 'How many rows it is.';
comment on column mart.works_across_sources.imdb_title_id is 'tconst, when linked.';
comment on column mart.works_across_sources.proposed_imdb_title_id is 'Not linked: the IMDb title of a row of another source that is the same work, for a person to confirm.';
comment on column mart.works_across_sources.proposed_through is 'That row: source and id.';
comment on column mart.works_across_sources.evidence is 'What joined its rows, in words; empty when IMDb did, or when it is one row.';
comment on column mart.works_across_sources.load_id is 'The load.';
