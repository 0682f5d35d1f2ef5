-- mart.score_disagreement
-- Grain:  title x two of its three scores
-- Reads:  warehouse
-- Writes: mart.score_disagreement (view)
-- Rerun:  create or replace; new columns go to the end
-- Notes:  IMDb's average counts as the share of the way from 1 to 10. What is surely apart is the gap between the bounds
--         of the two: a film that three critics saw needs no floor of critics to stay behind. Two of three scores always
--         hold one of Rotten Tomatoes', so that only its films are looked at (index fact_title_rating_reviewed)

create or replace view mart.score_disagreement as
with

-- Each looked up: by the statistics it seems as good to read all of dim_title, and that takes ten times as long.
reviewed as (
    select
        title.title_key,
        title.title,
        title.kind,
        title.release_year,
        rating.*
    from (
        select distinct fact_title_rating.title_key
        from warehouse.fact_title_rating
        where fact_title_rating.critics_pct is not null or fact_title_rating.audience_pct is not null
    ) as scored
    cross join
        lateral (
            select
                dim_title.title_key,
                dim_title.title,
                dim_title.kind,
                dim_title.release_year
            from warehouse.dim_title
            where dim_title.title_key = scored.title_key and dim_title.is_current
            order by dim_title.title_key
            limit 1
        ) as title
    cross join lateral (
        select
            newest.imdb_rating_of_10,
            newest.imdb_vote_count,
            newest.critics_pct,
            newest.critics_count,
            newest.audience_pct,
            newest.audience_count
        from warehouse.fact_title_rating as newest
        where newest.title_key = scored.title_key
        order by newest.rating_date desc
        limit 1
    ) as rating
),

judged as (
    select
        reviewed.title_key,
        judges.judge,
        judges.pct,
        judges.voices,
        mart.score_low(judges.pct, judges.voices, 0, 100) as low_pct,
        mart.score_high(judges.pct, judges.voices, 0, 100) as high_pct
    from reviewed
    cross join
        lateral (
            values
            ('imdb', round((reviewed.imdb_rating_of_10 - 1) / 9 * 100, 1), reviewed.imdb_vote_count::bigint),
            ('critics', reviewed.critics_pct::numeric, reviewed.critics_count::bigint),
            ('audience', reviewed.audience_pct::numeric, reviewed.audience_count)
        ) as judges (judge, pct, voices)
    where judges.pct is not null and judges.voices > 0
)

select
    reviewed.title_key,
    reviewed.title,
    reviewed.kind,
    reviewed.release_year,
    higher.judge as higher_judge,
    lower.judge as lower_judge,
    higher.pct as higher_pct,
    lower.pct as lower_pct,
    higher.pct - lower.pct as gap,
    greatest(higher.low_pct - lower.high_pct, 0) as sure_gap,
    higher.voices as higher_voices,
    lower.voices as lower_voices
from reviewed
inner join judged as higher on reviewed.title_key = higher.title_key
inner join judged as lower
    on
        reviewed.title_key = lower.title_key
        and (higher.pct > lower.pct or (higher.pct = lower.pct and higher.judge < lower.judge));

comment on view mart.score_disagreement is 'Grain: one title x two of those who judged it (imdb, critics, audience): how far apart they are, and how far surely. Titles that Rotten Tomatoes has a score of.';
comment on column mart.score_disagreement.title_key is 'The title.';
comment on column mart.score_disagreement.title is 'Its name.';
comment on column mart.score_disagreement.kind is 'movie, series, short, special.';
comment on column mart.score_disagreement.release_year is 'Its year.';
comment on column mart.score_disagreement.higher_judge is 'Who likes it more: imdb, critics, audience.';
comment on column mart.score_disagreement.lower_judge is 'Who likes it less.';
comment on column mart.score_disagreement.higher_pct is 'Score of who likes it more; IMDb''s average as the share of the way from 1 to 10.';
comment on column mart.score_disagreement.lower_pct is 'Score of who likes it less.';
comment on column mart.score_disagreement.gap is 'higher_pct less lower_pct.';
comment on column mart.score_disagreement.sure_gap is 'What is left of it between the 95 % bounds of both; 0 when they may well agree.';
comment on column mart.score_disagreement.higher_voices is 'Votes or reviews behind higher_pct.';
comment on column mart.score_disagreement.lower_voices is 'Votes or reviews behind lower_pct.';
