-- warehouse
-- Grain:  one query a check, for rows that must not exist; its first column names the problem
-- Reads:  build, staging, matching, warehouse (fixed dimensions)
-- Writes: -
-- Rerun:  reads only
-- Notes:  "fail" holds the load, "warn" is shown. plugins/reelhouse/warehousing/checks.py runs the queries one by
--         one and keeps the first three rows of each

-- fail
select
    'row of a catalogue lost or doubled' as problem,
    coalesce(staged.source, bridge_title_source.source) as source,
    coalesce(staged.source_id, bridge_title_source.source_id) as source_id
from (
    select
        'netflix' as source,
        source_id
    from staging.netflix_titles
    union all
    select
        'rotten_tomatoes' as source,
        source_id
    from staging.rotten_tomatoes_movies
) as staged
full join build.bridge_title_source
    on
        staged.source = bridge_title_source.source
        and staged.source_id = bridge_title_source.source_id
where staged.source is null or bridge_title_source.source is null;

-- fail
select
    'row of a catalogue without a decision' as problem,
    bridge_title_source.source,
    bridge_title_source.source_id,
    bridge_title_source.source_title
from build.bridge_title_source
left join matching.title_decision
    on
        bridge_title_source.source = title_decision.source
        and bridge_title_source.source_id = title_decision.source_id
where title_decision.source is null;

-- fail
select
    'row of a catalogue without its title' as problem,
    bridge_title_source.source,
    bridge_title_source.source_id,
    bridge_title_source.title_key
from build.bridge_title_source
left join build.dim_title on bridge_title_source.title_key = dim_title.title_key
where dim_title.is_current is not true;

-- fail
select
    'kept IMDb title without a row' as problem,
    imdb_titles.imdb_title_number
from staging.imdb_titles
left join build.dim_title
    on
        imdb_titles.imdb_title_number = dim_title.title_key
        and dim_title.is_current
where dim_title.title_key is null;

-- fail
select
    'title of the warehouse forgotten' as problem,
    kept.title_key,
    kept.title
from warehouse.dim_title as kept
left join build.dim_title on kept.title_key = dim_title.title_key
where dim_title.title_key is null;

-- fail
select
    'catalogue title that no catalogue has' as problem,
    dim_title.title_key,
    dim_title.title
from build.dim_title
left join (
    select distinct title_key
    from build.bridge_title_source
    where platform_key is not null
) as catalogue
    on dim_title.title_key = catalogue.title_key
where dim_title.is_catalogue_title <> (catalogue.title_key is not null);

-- fail
select
    'two titles with one IMDb id' as problem,
    imdb_title_id,
    count(*) as titles
from build.dim_title
where imdb_title_id is not null
group by imdb_title_id
having count(*) > 1;

-- fail
select
    'key of a title that is not its IMDb number nor its identity' as problem,
    dim_title.title_key,
    dim_title.title
from build.dim_title
left join build.title_identity on dim_title.title_key = title_identity.title_key
where
    (dim_title.title_key < 1000000000000 and dim_title.imdb_title_id is null)
    or (dim_title.title_key >= 1000000000000 and title_identity.title_key is null);

-- fail
select
    'two natural keys with one digest' as problem,
    title_key,
    count(distinct natural_key) as natural_keys
from build.work_of_row
where title_key >= 1000000000000
group by title_key
having count(distinct natural_key) > 1;

-- fail
select
    'certification unknown to its dimension' as problem,
    dim_title.title_key,
    dim_title.certification_key
from build.dim_title
left join build.dim_certification on dim_title.certification_key = dim_certification.certification_key
where dim_title.certification_key is not null and dim_certification.certification_key is null;

-- fail
select
    'credit without its title or person' as problem,
    bridge_title_person_role.title_key,
    bridge_title_person_role.person_key
from build.bridge_title_person_role
left join build.dim_title on bridge_title_person_role.title_key = dim_title.title_key
left join build.dim_person on bridge_title_person_role.person_key = dim_person.person_key
where dim_title.title_key is null or dim_person.person_key is null;

-- fail
select
    'genre of a title without its title or genre' as problem,
    bridge_title_genre.title_key,
    bridge_title_genre.genre_key
from build.bridge_title_genre
left join build.dim_title on bridge_title_genre.title_key = dim_title.title_key
left join build.dim_genre on bridge_title_genre.genre_key = dim_genre.genre_key
where dim_title.title_key is null or dim_genre.genre_key is null;

-- fail
select
    'country of a title without its title or country' as problem,
    bridge_title_country.title_key,
    bridge_title_country.country_key
from build.bridge_title_country
left join build.dim_title on bridge_title_country.title_key = dim_title.title_key
left join build.dim_country on bridge_title_country.country_key = dim_country.country_key
where dim_title.title_key is null or dim_country.country_key is null;

-- fail
select
    'weights of a title and role do not sum to 1' as problem,
    bridge_title_person_role.title_key,
    bridge_title_person_role.role_key,
    sum(bridge_title_person_role.weight) as weight
from build.bridge_title_person_role
group by bridge_title_person_role.title_key, bridge_title_person_role.role_key
having abs(sum(bridge_title_person_role.weight) - 1) > 1e-6;

-- fail
select
    'member that is no name' as problem,
    members.dimension,
    members.member
from (
    select
        'person' as dimension,
        person_name as member
    from build.dim_person
    where length(person_name) < 10
    union all
    select
        'genre' as dimension,
        genre as member
    from build.dim_genre
    union all
    select
        'country' as dimension,
        country as member
    from build.dim_country
    union all
    select
        'certification' as dimension,
        certification as member
    from build.dim_certification
) as members
where lower(btrim(members.member)) in ('', 'none', 'nan', '<na>', 'null', 'n/a', 'unknown', '\n');

-- fail
select
    'title that is empty' as problem,
    title_key,
    title
from build.dim_title
where btrim(title) = '' or folded_title = '';

-- fail
select
    'score or count out of its range' as problem,
    fact_title_rating.*
from build.fact_title_rating
where
    imdb_rating_of_10 not between 1 and 10
    or imdb_weighted_of_10 not between 1 and 10
    or imdb_vote_count < 0
    or critics_pct not between 0 and 100
    or audience_pct not between 0 and 100
    or critics_count < 0
    or audience_count < 0;

-- fail
select
    'rating of a title that is not there' as problem,
    fact_title_rating.title_key
from build.fact_title_rating
left join build.dim_title on fact_title_rating.title_key = dim_title.title_key
where dim_title.title_key is null;

-- fail
select
    'Rotten Tomatoes score on a series' as problem,
    dim_title.title_key,
    dim_title.title
from build.fact_title_rating
inner join build.dim_title on fact_title_rating.title_key = dim_title.title_key
where
    dim_title.kind = 'series'
    and (
        fact_title_rating.critics_pct is not null or fact_title_rating.critics_count is not null
        or fact_title_rating.audience_pct is not null or fact_title_rating.audience_count is not null
    );

-- fail
select
    'Rotten Tomatoes film linked to a series' as problem,
    bridge_title_source.source_id,
    dim_title.title_key,
    dim_title.title
from build.bridge_title_source
inner join build.dim_title on bridge_title_source.title_key = dim_title.title_key
where bridge_title_source.source = 'rotten_tomatoes' and dim_title.kind = 'series';

-- fail
select
    'stays on a platform that overlap' as problem,
    earlier.title_key,
    earlier.platform_key,
    earlier.entered_date,
    later.entered_date as next_entered_date
from build.fact_availability as earlier
inner join build.fact_availability as later
    on
        earlier.title_key = later.title_key
        and earlier.platform_key = later.platform_key
        and earlier.entered_date < later.entered_date
where earlier.left_date is null or earlier.left_date > later.entered_date;

-- fail
select
    'stay that ends before it begins, or without its title' as problem,
    fact_availability.title_key,
    fact_availability.entered_date,
    fact_availability.left_date
from build.fact_availability
left join build.dim_title on fact_availability.title_key = dim_title.title_key
where fact_availability.left_date <= fact_availability.entered_date or dim_title.title_key is null;

-- fail
select
    'catalogue title that never entered its platform' as problem,
    bridge_title_source.title_key,
    bridge_title_source.source_title
from build.bridge_title_source
left join build.fact_availability
    on
        bridge_title_source.title_key = fact_availability.title_key
        and bridge_title_source.platform_key = fact_availability.platform_key
where bridge_title_source.platform_key is not null and fact_availability.title_key is null;

-- fail
select
    'title that is adult in a catalogue' as problem,
    dim_title.title_key,
    dim_title.title
from build.dim_title
where dim_title.is_adult and dim_title.is_catalogue_title;

-- fail
select
    'certification of no known system that is said to be for an age' as problem,
    certification_key,
    certification,
    least_age
from build.dim_certification
where rating_system = 'unknown' and least_age is not null;

-- warn
select
    'source of which nothing was linked to IMDb' as problem,
    source,
    count(*) as catalogue_rows
from build.bridge_title_source
group by source
having count(*) filter (where match_band = 'match') = 0;

-- warn
select
    'link to an IMDb title that is not there' as problem,
    title_decision.source,
    title_decision.source_id,
    title_decision.imdb_title_number
from matching.title_decision
left join staging.imdb_titles on title_decision.imdb_title_number = imdb_titles.imdb_title_number
where title_decision.band = 'match' and imdb_titles.imdb_title_number is null;

-- warn
select
    'two rows of Rotten Tomatoes linked to one title' as problem,
    title_key,
    array_agg(source_id order by source_id) as source_ids
from build.bridge_title_source
where source = 'rotten_tomatoes' and match_band = 'match'
group by title_key
having count(*) > 1;

-- warn
select
    'genre word that the reference file does not know' as problem,
    genre_word.source,
    genre_word.source_genre
from staging.genre_word
left join build.reference_genre
    on
        genre_word.source = reference_genre.source
        and genre_word.source_genre = reference_genre.source_genre
where reference_genre.source is null;

-- warn
select
    'country that the reference file does not know' as problem,
    source_row.source,
    named.word,
    count(*) as source_rows
from staging.source_row
cross join lateral unnest(source_row.countries) as named (word)
left join build.reference_country_word on named.word = reference_country_word.word
where reference_country_word.word is null
group by source_row.source, named.word;

-- warn
select
    'certification that the reference file does not know' as problem,
    source_row.source,
    source_row.certification,
    count(*) as source_rows
from staging.source_row
left join build.reference_certification on source_row.certification = reference_certification.certification
where source_row.certification is not null and reference_certification.certification is null
group by source_row.source, source_row.certification;

-- warn
select
    'IMDb credit of a person that the file of names does not have' as problem,
    imdb_principals.imdb_title_number,
    imdb_principals.imdb_person_number
from staging.imdb_principals
left join staging.imdb_people on imdb_principals.imdb_person_number = imdb_people.imdb_person_number
where imdb_people.imdb_person_number is null;

-- warn
select
    'catalogue title that says it comes from the future' as problem,
    dim_title.title_key,
    dim_title.title,
    dim_title.release_year
from build.dim_title
cross join
    lateral (
        select max(fact_availability.entered_date) as entered_date
        from build.fact_availability
        where fact_availability.title_key = dim_title.title_key
    ) as stay
where dim_title.is_catalogue_title and dim_title.release_year > extract(year from stay.entered_date) + 1;

-- warn
select
    'decision of a person about an IMDb title that is not there' as problem,
    source,
    folded_title,
    release_year,
    verdict,
    imdb_title_number,
    decided_by
from matching.ruling
where not is_target_there;
