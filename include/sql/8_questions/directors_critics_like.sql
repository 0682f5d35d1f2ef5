-- directors_critics_like
-- Grain:  director
-- Reads:  mart.title_people, warehouse.fact_title_rating
-- Writes: -
-- Rerun:  reads only
-- Notes:  Whose films do critics like, of directors with two reviewed films at least? By all reviews together: the lower
--         bound of their share

with

reviewed as (
    select distinct on (title_key)
        title_key,
        critics_pct,
        critics_count
    from warehouse.fact_title_rating
    where critics_pct is not null or audience_pct is not null
    order by title_key, rating_date desc
)

select
    title_people.person_name as director,
    title_people.imdb_person_id,
    count(*) as films,
    sum(reviewed.critics_count) as reviews,
    round(sum(reviewed.critics_pct * reviewed.critics_count) / sum(reviewed.critics_count)::numeric, 1) as critics_pct,
    mart.score_low(
        sum(reviewed.critics_pct * reviewed.critics_count) / sum(reviewed.critics_count)::numeric,
        sum(reviewed.critics_count), 0, 100
    ) as critics_low_pct
from reviewed
inner join mart.title_people on reviewed.title_key = title_people.title_key
where title_people.role = 'director' and reviewed.critics_pct is not null and reviewed.critics_count > 0
group by title_people.person_key, title_people.person_name, title_people.imdb_person_id
having count(*) >= 2
order by critics_low_pct desc, director, title_people.person_key
limit 25;
