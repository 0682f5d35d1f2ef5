-- as_of
-- Grain:  see each view; all as they were known at the end of the day in the setting reelhouse.as_of
-- Reads:  warehouse
-- Writes: as_of.titles, as_of.descriptions, as_of.ratings, as_of.availability, as_of.viewings, as_of.user_ratings,
--         as_of.training_set (views)
-- Rerun:  create or replace; new columns go to the end
-- Notes:  which title is which is what is known now. Genres, people and countries have no history, so they are not here:
--         a catalogue's own categories are

create or replace view as_of.descriptions as
select
    title_key,
    platform_key,
    title,
    kind,
    release_year,
    certification,
    runtime_min,
    season_count,
    categories,
    description,
    valid_from,
    case when valid_until <= current_setting('reelhouse.as_of')::date then valid_until end as valid_until
from warehouse.dim_title_history
where valid_from <= current_setting('reelhouse.as_of')::date;

comment on view as_of.descriptions is 'Grain: catalogue title x period in which its catalogue said the same of it, up to the day.';
comment on column as_of.descriptions.title_key is 'The title.';
comment on column as_of.descriptions.platform_key is 'The catalogue.';
comment on column as_of.descriptions.title is 'As the catalogue wrote it.';
comment on column as_of.descriptions.kind is 'movie, series.';
comment on column as_of.descriptions.release_year is 'As the catalogue gave it.';
comment on column as_of.descriptions.certification is 'As the catalogue wrote it.';
comment on column as_of.descriptions.runtime_min is 'Films: minutes.';
comment on column as_of.descriptions.season_count is 'Series: seasons there.';
comment on column as_of.descriptions.categories is 'As the catalogue wrote them.';
comment on column as_of.descriptions.description is 'As the catalogue wrote it.';
comment on column as_of.descriptions.valid_from is 'First loaded day on which it said so.';
comment on column as_of.descriptions.valid_until is 'First loaded day on which it did not any more; null: on the day it still did.';

create or replace view as_of.ratings as
select
    title_key,
    rating_date,
    imdb_rating_of_10,
    imdb_vote_count,
    critics_pct,
    critics_count,
    audience_pct,
    audience_count
from warehouse.fact_title_rating
where rating_date <= current_setting('reelhouse.as_of')::date;

comment on view as_of.ratings is 'Grain: title x day on which a score or a count changed, up to the day.';
comment on column as_of.ratings.title_key is 'The title.';
comment on column as_of.ratings.rating_date is 'The day of the change.';
comment on column as_of.ratings.imdb_rating_of_10 is 'IMDb average.';
comment on column as_of.ratings.imdb_vote_count is 'IMDb votes.';
comment on column as_of.ratings.critics_pct is 'Share of critics who liked it.';
comment on column as_of.ratings.critics_count is 'Critics counted.';
comment on column as_of.ratings.audience_pct is 'Share of the audience.';
comment on column as_of.ratings.audience_count is 'Audience ratings counted.';

create or replace view as_of.availability as
select
    fact_availability.title_key,
    dim_platform.platform,
    fact_availability.entered_date,
    case
        when fact_availability.left_date <= current_setting('reelhouse.as_of')::date then fact_availability.left_date
    end as left_date
from warehouse.fact_availability
inner join warehouse.dim_platform on fact_availability.platform_key = dim_platform.platform_key
where fact_availability.entered_date <= current_setting('reelhouse.as_of')::date;

comment on view as_of.availability is 'Grain: title x platform x time it was there, up to the day.';
comment on column as_of.availability.title_key is 'The title.';
comment on column as_of.availability.platform is 'netflix, amazon, disney, hulu.';
comment on column as_of.availability.entered_date is 'Since when it was there.';
comment on column as_of.availability.left_date is 'First loaded day without it; null: on the day it was there.';

create or replace view as_of.viewings as
select
    user_key,
    title_key,
    viewed_at,
    viewed_min
from warehouse.fact_viewing
where viewed_at < (current_setting('reelhouse.as_of')::date + 1)::timestamp at time zone 'UTC';

comment on view as_of.viewings is 'Grain: viewing up to the end of the day, UTC.';
comment on column as_of.viewings.user_key is 'Who.';
comment on column as_of.viewings.title_key is 'What.';
comment on column as_of.viewings.viewed_at is 'When.';
comment on column as_of.viewings.viewed_min is 'Minutes.';

create or replace view as_of.user_ratings as
select
    user_key,
    title_key,
    rating_of_5,
    rated_at
from warehouse.fact_user_rating
where rated_at < (current_setting('reelhouse.as_of')::date + 1)::timestamp at time zone 'UTC';

comment on view as_of.user_ratings is 'Grain: rating of a viewer up to the end of the day, UTC, where it was not given anew since.';
comment on column as_of.user_ratings.user_key is 'Who.';
comment on column as_of.user_ratings.title_key is 'What.';
comment on column as_of.user_ratings.rating_of_5 is 'Half a star to five.';
comment on column as_of.user_ratings.rated_at is 'When.';

create or replace view as_of.titles as
select
    descriptions.title_key,
    descriptions.title,
    descriptions.kind,
    descriptions.release_year,
    descriptions.certification,
    descriptions.runtime_min,
    descriptions.season_count,
    descriptions.categories,
    descriptions.description,
    array(
        select availability.platform
        from as_of.availability
        where availability.title_key = descriptions.title_key and availability.left_date is null
        order by availability.platform
    ) as platforms,
    rating.imdb_rating_of_10,
    rating.imdb_vote_count,
    rating.critics_pct,
    rating.critics_count,
    rating.audience_pct,
    rating.audience_count,
    rating.rating_date,
    descriptions.valid_from
from as_of.descriptions
left join lateral (
    select ratings.*
    from as_of.ratings
    where ratings.title_key = descriptions.title_key
    order by ratings.rating_date desc
    limit 1
) as rating on true
where descriptions.valid_until is null;

comment on view as_of.titles is 'Grain: title that stood in a catalogue on the day, as it was described and scored then.';
comment on column as_of.titles.title_key is 'The title.';
comment on column as_of.titles.title is 'As the catalogue wrote it.';
comment on column as_of.titles.kind is 'movie, series.';
comment on column as_of.titles.release_year is 'As the catalogue gave it.';
comment on column as_of.titles.certification is 'As the catalogue wrote it.';
comment on column as_of.titles.runtime_min is 'Films: minutes.';
comment on column as_of.titles.season_count is 'Series: seasons there.';
comment on column as_of.titles.categories is 'As the catalogue wrote them.';
comment on column as_of.titles.description is 'As the catalogue wrote it.';
comment on column as_of.titles.platforms is 'Where it was.';
comment on column as_of.titles.imdb_rating_of_10 is 'IMDb average.';
comment on column as_of.titles.imdb_vote_count is 'IMDb votes.';
comment on column as_of.titles.critics_pct is 'Share of critics who liked it.';
comment on column as_of.titles.critics_count is 'Critics counted.';
comment on column as_of.titles.audience_pct is 'Share of the audience.';
comment on column as_of.titles.audience_count is 'Audience ratings counted.';
comment on column as_of.titles.rating_date is 'Since when the scores were these.';
comment on column as_of.titles.valid_from is 'Since when the description was this.';

create or replace view as_of.training_set as
select
    titles.*,
    (
        select min(availability.entered_date)
        from as_of.availability
        where availability.title_key = titles.title_key
    ) as first_entered_date,
    coalesce(viewed.viewing_count, 0) as viewing_count,
    coalesce(viewed.viewer_count, 0) as viewer_count,
    coalesce(rated.rating_count, 0) as user_rating_count,
    rated.mean_of_5 as user_rating_mean_of_5
from as_of.titles
left join (
    select
        viewings.title_key,
        count(*) as viewing_count,
        count(distinct viewings.user_key) as viewer_count
    from as_of.viewings
    group by viewings.title_key
) as viewed on titles.title_key = viewed.title_key
left join (
    select
        user_ratings.title_key,
        count(*) as rating_count,
        avg(user_ratings.rating_of_5) as mean_of_5
    from as_of.user_ratings
    group by user_ratings.title_key
) as rated on titles.title_key = rated.title_key;

comment on view as_of.training_set is 'Grain: title that stood in a catalogue on the day, with all that was known of it by then and that a model may learn from.';
comment on column as_of.training_set.title_key is 'The title.';
comment on column as_of.training_set.title is 'As the catalogue wrote it.';
comment on column as_of.training_set.kind is 'movie, series.';
comment on column as_of.training_set.release_year is 'As the catalogue gave it.';
comment on column as_of.training_set.certification is 'As the catalogue wrote it.';
comment on column as_of.training_set.runtime_min is 'Films: minutes.';
comment on column as_of.training_set.season_count is 'Series: seasons there.';
comment on column as_of.training_set.categories is 'As the catalogue wrote them.';
comment on column as_of.training_set.description is 'As the catalogue wrote it.';
comment on column as_of.training_set.platforms is 'Where it was.';
comment on column as_of.training_set.imdb_rating_of_10 is 'IMDb average.';
comment on column as_of.training_set.imdb_vote_count is 'IMDb votes.';
comment on column as_of.training_set.critics_pct is 'Share of critics who liked it.';
comment on column as_of.training_set.critics_count is 'Critics counted.';
comment on column as_of.training_set.audience_pct is 'Share of the audience.';
comment on column as_of.training_set.audience_count is 'Audience ratings counted.';
comment on column as_of.training_set.rating_date is 'Since when the scores were these.';
comment on column as_of.training_set.valid_from is 'Since when the description was this.';
comment on column as_of.training_set.first_entered_date is 'When it first came to a catalogue.';
comment on column as_of.training_set.viewing_count is 'Viewings so far.';
comment on column as_of.training_set.viewer_count is 'Viewers so far.';
comment on column as_of.training_set.user_rating_count is 'Ratings of viewers so far.';
comment on column as_of.training_set.user_rating_mean_of_5 is 'Their mean; null without any.';
