-- build.work_of_justwatch
-- Grain:  row of staging.justwatch_titles that is a title of another source
-- Reads:  staging.imdb_titles, staging.justwatch_titles, matching.title_decision, matching.work_member, build.work_of_row
-- Writes: build.work_of_justwatch (empty before)
-- Rerun:  the table is emptied and filled anew from the same rows
-- Notes:  a row that is linked is its IMDb title; one that is the same work as rows of other sources is theirs, the least
--         of them. By the IMDb id that JustWatch states nothing is linked: it is sometimes wrong

insert into build.work_of_justwatch (source_id, title_key, source_rank)
with

titles as (
    select
        title_decision.source_id,
        imdb_titles.imdb_title_number::bigint as title_key
    from matching.title_decision
    inner join staging.imdb_titles on title_decision.imdb_title_number = imdb_titles.imdb_title_number
    where title_decision.source = 'justwatch' and title_decision.band = 'match'
    union all
    select
        member.source_id,
        min(work_of_row.title_key) as title_key
    from matching.work_member as member
    inner join matching.work_member as other on member.work_key = other.work_key
    inner join build.work_of_row
        on
            other.source = work_of_row.source
            and other.source_id = work_of_row.source_id
    where member.source = 'justwatch' and member.imdb_title_number is null
    group by member.source_id
)

select
    titles.source_id,
    titles.title_key,
    row_number() over (
        partition by titles.title_key
        order by length(titles.source_id), titles.source_id collate "C"
    ) as source_rank
from titles
inner join staging.justwatch_titles on titles.source_id = justwatch_titles.source_id;
