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
        source,
        source_id
    from staging.catalogue_row
    union all
    select
        'rotten_tomatoes' as source,
        source_id
    from staging.rotten_tomatoes_movies
    union all
    select
        'justwatch' as source,
        source_id
    from build.work_of_justwatch
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
    dim_title.imdb_title_id,
    count(*) as titles
from build.dim_title
-- Only an id that is not that of its key can be another's.
where
    dim_title.imdb_title_id in (
        select strange.imdb_title_id
        from build.dim_title as strange
        where
            strange.imdb_title_id
            <> 'tt' || lpad(strange.title_key::text, greatest(7, length(strange.title_key::text)), '0')
    )
group by dim_title.imdb_title_id
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
    credits.title_key,
    credits.role_key,
    sum(credits.weight) as weight
from (
    -- In the order of the key, in which they lie: five million sums at once take three times as long.
    select
        bridge_title_person_role.title_key,
        bridge_title_person_role.role_key,
        bridge_title_person_role.weight
    from build.bridge_title_person_role
    order by bridge_title_person_role.title_key, bridge_title_person_role.role_key
) as credits
group by credits.title_key, credits.role_key
having abs(sum(credits.weight) - 1) > 1e-6;

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
    -- People of IMDb are who their number says, and somebody is called Null.
    where is_name_only and length(person_name) < 10
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
    'Rotten Tomatoes film linked to a series' as problem,
    bridge_title_source.source_id,
    dim_title.title_key,
    dim_title.title
from build.bridge_title_source
inner join build.dim_title on bridge_title_source.title_key = dim_title.title_key
where bridge_title_source.source = 'rotten_tomatoes' and dim_title.kind = 'series';

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
inner join build.unnamed_person on imdb_principals.imdb_person_number = unnamed_person.person_key;

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
