-- mart.provenance
-- Grain:  function: record of a source file that a cell of mart.titles comes from
-- Reads:  warehouse, ops.file, ops.file_load, ops.load, mart.titles
-- Writes: mart.source_files, mart.title_column_sources (views), mart.provenance (function)
-- Rerun:  create or replace; new columns go to the end
-- Notes:  a cell that is null comes from nowhere: no row. A list has rows for each of its members. Records of IMDb are
--         named by their ids, which each stand once in their file; those of the catalogues by their line too. What no
--         source has any more is told with the file of the last day that had it

create or replace view mart.source_files as
select
    load.load_id,
    load.batch_date,
    coalesce(publication.load_id = load.load_id, false) as is_seen,
    file.source,
    file_load.file_name,
    file.file_date,
    file.origin,
    file.sha256,
    file.byte_count,
    file.landed_path
from ops.file_load
inner join ops.file on file_load.file_id = file.file_id
inner join ops.load on file_load.load_id = load.load_id and load.part = 'warehouse'
left join warehouse.publication on publication.part = 'warehouse'
where load.published_at is not null;

comment on view mart.source_files is 'Grain: published load x file that went into it.';
comment on column mart.source_files.load_id is 'The load.';
comment on column mart.source_files.batch_date is 'Its day.';
comment on column mart.source_files.is_seen is 'It is the load that readers see as current.';
comment on column mart.source_files.source is 'Provider.';
comment on column mart.source_files.file_name is 'Name in the project, whatever it was called where it came from.';
comment on column mart.source_files.file_date is 'Day of the file.';
comment on column mart.source_files.origin is 'Where it was got from.';
comment on column mart.source_files.sha256 is 'Digest of its bytes.';
comment on column mart.source_files.byte_count is 'Its size.';
comment on column mart.source_files.landed_path is 'Where it lies, below the landing folder.';

create or replace view mart.title_column_sources as
with

told (column_name, source, file_name, file_column, takes, rule) as (
    values
    ('title_key', 'imdb', 'title.basics.tsv.gz', 'tconst', 'each', 'the number in the id; a work that IMDb does not have: digest of its natural key'),
    ('title_key', 'netflix', 'netflix_titles.csv', 'title', 'own key', 'of the first source that has it: digest of source, kind, folded title, year of a film; the first of several adds nothing'),
    ('title_key', 'rotten_tomatoes', 'rotten_tomatoes_movies.csv', 'rotten_tomatoes_link', 'own key', 'of the first source that has it: digest of source and link'),
    ('title', 'netflix', 'netflix_titles.csv', 'title', 'winner', 'netflix, else imdb, else amazon, disney, hulu, rotten_tomatoes'),
    ('title', 'imdb', 'title.basics.tsv.gz', 'primaryTitle', 'winner', 'netflix, else imdb, else amazon, disney, hulu, rotten_tomatoes'),
    ('title', 'rotten_tomatoes', 'rotten_tomatoes_movies.csv', 'movie_title', 'winner', 'netflix, else imdb, else amazon, disney, hulu, rotten_tomatoes'),
    ('original_title', 'imdb', 'title.basics.tsv.gz', 'originalTitle', 'one', 'as imdb has it'),
    ('kind', 'imdb', 'title.basics.tsv.gz', 'titleType', 'winner', 'imdb, else netflix, amazon, disney, hulu, rotten_tomatoes; movie, tvMovie: movie; tvSeries, tvMiniSeries: series; short, tvShort: short; tvSpecial: special'),
    ('kind', 'netflix', 'netflix_titles.csv', 'type', 'winner', 'imdb, else netflix, amazon, disney, hulu, rotten_tomatoes; Movie: movie; TV Show: series'),
    ('kind', 'rotten_tomatoes', 'rotten_tomatoes_movies.csv', 'rotten_tomatoes_link', 'winner', 'imdb, else netflix, amazon, disney, hulu, rotten_tomatoes, which has films only'),
    ('release_year', 'imdb', 'title.basics.tsv.gz', 'startYear', 'winner', 'imdb, else netflix, amazon, disney, hulu, rotten_tomatoes'),
    ('release_year', 'netflix', 'netflix_titles.csv', 'release_year', 'winner', 'imdb, else netflix, amazon, disney, hulu, rotten_tomatoes'),
    ('release_year', 'rotten_tomatoes', 'rotten_tomatoes_movies.csv', 'original_release_date', 'winner', 'imdb, else netflix, amazon, disney, hulu, else the year of rotten_tomatoes'' date'),
    ('end_year', 'imdb', 'title.basics.tsv.gz', 'endYear', 'one', 'as imdb has it'),
    ('netflix_title_id', 'netflix', 'netflix_titles.csv', 'show_id', 'least', 'the least of this edition'),
    ('netflix_title_ids', 'netflix', 'netflix_titles.csv', 'show_id', 'each', 'all of this edition'),
    ('imdb_title_id', 'imdb', 'title.basics.tsv.gz', 'tconst', 'one', 'as imdb has it'),
    ('rotten_tomatoes_id', 'rotten_tomatoes', 'rotten_tomatoes_movies.csv', 'rotten_tomatoes_link', 'likeliest', 'without m/; of several the likeliest, then the shortest'),
    ('certification', 'netflix', 'netflix_titles.csv', 'rating', 'winner', 'the first that says an age, netflix, amazon, disney, hulu, justwatch, rotten_tomatoes in this order; else the first at all'),
    ('certification', 'justwatch', 'titles.csv', 'age_certification', 'winner', 'the first that says an age, netflix, amazon, disney, hulu, justwatch, rotten_tomatoes in this order; else the first at all'),
    ('certification', 'rotten_tomatoes', 'rotten_tomatoes_movies.csv', 'content_rating', 'winner', 'the first that says an age, netflix, amazon, disney, hulu, justwatch, rotten_tomatoes in this order; else the first at all'),
    ('least_age', 'netflix', 'netflix_titles.csv', 'rating', 'winner', 'age of the certification, from certifications.csv'),
    ('least_age', 'justwatch', 'titles.csv', 'age_certification', 'winner', 'age of the certification, from certifications.csv'),
    ('least_age', 'rotten_tomatoes', 'rotten_tomatoes_movies.csv', 'content_rating', 'winner', 'age of the certification, from certifications.csv'),
    ('runtime_min', 'imdb', 'title.basics.tsv.gz', 'runtimeMinutes', 'winner', 'imdb, else netflix, amazon, disney, hulu, justwatch, rotten_tomatoes'),
    ('runtime_min', 'netflix', 'netflix_titles.csv', 'duration', 'winner', 'imdb, else netflix, amazon, disney, hulu, justwatch, rotten_tomatoes; a duration that stands in the column rating is taken from there'),
    ('runtime_min', 'justwatch', 'titles.csv', 'runtime', 'winner', 'imdb, else netflix, amazon, disney, hulu, justwatch, rotten_tomatoes'),
    ('runtime_min', 'rotten_tomatoes', 'rotten_tomatoes_movies.csv', 'runtime', 'winner', 'imdb, else netflix, amazon, disney, hulu, justwatch, rotten_tomatoes'),
    ('season_count', 'netflix', 'netflix_titles.csv', 'duration', 'winner', 'the number of seasons'),
    ('season_count', 'justwatch', 'titles.csv', 'seasons', 'winner', 'the number of seasons'),
    ('genres', 'imdb', 'title.basics.tsv.gz', 'genres', 'member', 'every word of every source, through genres.csv'),
    ('genres', 'netflix', 'netflix_titles.csv', 'listed_in', 'member', 'every word of every source, through genres.csv'),
    ('genres', 'rotten_tomatoes', 'rotten_tomatoes_movies.csv', 'genres', 'member', 'every word of every source, through genres.csv'),
    ('labels', 'imdb', 'title.basics.tsv.gz', 'genres', 'member', 'every word of every source, through genres.csv'),
    ('labels', 'netflix', 'netflix_titles.csv', 'listed_in', 'member', 'every word of every source, through genres.csv'),
    ('labels', 'rotten_tomatoes', 'rotten_tomatoes_movies.csv', 'genres', 'member', 'every word of every source, through genres.csv'),
    ('countries', 'netflix', 'netflix_titles.csv', 'country', 'member', 'every country named, through countries.csv'),
    ('directors', 'imdb', 'title.crew.tsv.gz', 'directors', 'member', 'crew and principals of imdb, and every name of the catalogues'),
    ('directors', 'imdb', 'title.principals.tsv.gz', 'nconst', 'member', 'crew and principals of imdb, and every name of the catalogues'),
    ('directors', 'imdb', 'name.basics.tsv.gz', 'primaryName', 'member', 'the name, as imdb has it, of a person it knows'),
    ('directors', 'netflix', 'netflix_titles.csv', 'director', 'member', 'crew and principals of imdb, and every name of the catalogues'),
    ('directors', 'rotten_tomatoes', 'rotten_tomatoes_movies.csv', 'directors', 'member', 'crew and principals of imdb, and every name of the catalogues'),
    ('cast_names', 'imdb', 'title.principals.tsv.gz', 'nconst', 'member', 'actors and actresses of imdb, and every name of the catalogues'),
    ('cast_names', 'imdb', 'name.basics.tsv.gz', 'primaryName', 'member', 'the name, as imdb has it, of a person it knows'),
    ('cast_names', 'netflix', 'netflix_titles.csv', 'cast', 'member', 'actors and actresses of imdb, and every name of the catalogues'),
    ('cast_names', 'rotten_tomatoes', 'rotten_tomatoes_movies.csv', 'actors', 'member', 'actors and actresses of imdb, and every name of the catalogues'),
    ('imdb_rating_of_10', 'imdb', 'title.ratings.tsv.gz', 'averageRating', 'one', 'as imdb has it'),
    ('imdb_vote_count', 'imdb', 'title.ratings.tsv.gz', 'numVotes', 'one', 'as imdb has it'),
    ('imdb_weighted_of_10', 'imdb', 'title.ratings.tsv.gz', 'averageRating', 'one', '(votes x average + 1000 x 6.5) / (votes + 1000)'),
    ('imdb_low_of_10', 'imdb', 'title.ratings.tsv.gz', 'averageRating', 'one', 'mart.score_low(average, votes, 1, 10)'),
    ('imdb_high_of_10', 'imdb', 'title.ratings.tsv.gz', 'averageRating', 'one', 'mart.score_high(average, votes, 1, 10)'),
    ('critics_pct', 'rotten_tomatoes', 'rotten_tomatoes_movies.csv', 'tomatometer_rating', 'one', 'as it stands there; of no critic: none'),
    ('critics_count', 'rotten_tomatoes', 'rotten_tomatoes_movies.csv', 'tomatometer_count', 'one', 'as it stands there'),
    ('critics_weighted_pct', 'rotten_tomatoes', 'rotten_tomatoes_movies.csv', 'tomatometer_rating', 'one', 'mart.score_shrunk(share, critics, 60, 3)'),
    ('critics_low_pct', 'rotten_tomatoes', 'rotten_tomatoes_movies.csv', 'tomatometer_rating', 'one', 'mart.score_low(share, critics, 0, 100)'),
    ('critics_high_pct', 'rotten_tomatoes', 'rotten_tomatoes_movies.csv', 'tomatometer_rating', 'one', 'mart.score_high(share, critics, 0, 100)'),
    ('audience_pct', 'rotten_tomatoes', 'rotten_tomatoes_movies.csv', 'audience_rating', 'one', 'as it stands there; of nobody: none'),
    ('audience_count', 'rotten_tomatoes', 'rotten_tomatoes_movies.csv', 'audience_count', 'one', 'as it stands there'),
    ('audience_weighted_pct', 'rotten_tomatoes', 'rotten_tomatoes_movies.csv', 'audience_rating', 'one', 'mart.score_shrunk(share, answers, 65, 6)'),
    ('audience_low_pct', 'rotten_tomatoes', 'rotten_tomatoes_movies.csv', 'audience_rating', 'one', 'mart.score_low(share, answers, 0, 100)'),
    ('audience_high_pct', 'rotten_tomatoes', 'rotten_tomatoes_movies.csv', 'audience_rating', 'one', 'mart.score_high(share, answers, 0, 100)'),
    ('rating_date', 'imdb', 'title.ratings.tsv.gz', 'averageRating', 'scored', 'the first loaded day with these scores'),
    ('rating_date', 'rotten_tomatoes', 'rotten_tomatoes_movies.csv', 'tomatometer_rating', 'scored', 'the first loaded day with these scores'),
    ('is_on_netflix', 'netflix', 'netflix_titles.csv', 'show_id', 'each', 'whether this edition has a row of it'),
    ('platforms', 'netflix', 'netflix_titles.csv', 'show_id', 'each', 'whose edition has a row of it'),
    ('is_catalogue_title', 'netflix', 'netflix_titles.csv', 'show_id', 'each', 'whether this edition has a row of it'),
    ('is_current', 'imdb', 'title.basics.tsv.gz', 'tconst', 'each', 'whether any source has it'),
    ('is_current', 'netflix', 'netflix_titles.csv', 'show_id', 'each', 'whether any source has it'),
    ('is_current', 'rotten_tomatoes', 'rotten_tomatoes_movies.csv', 'rotten_tomatoes_link', 'each', 'whether any source has it'),
    ('is_adult', 'imdb', 'title.basics.tsv.gz', 'isAdult', 'one', 'imdb alone says so; without imdb: no'),
    ('description', 'netflix', 'netflix_titles.csv', 'description', 'winner', 'netflix, else amazon, disney, hulu'),
    ('synopsis', 'rotten_tomatoes', 'rotten_tomatoes_movies.csv', 'movie_info', 'one', 'as it stands there'),
    ('critics_consensus', 'rotten_tomatoes', 'rotten_tomatoes_movies.csv', 'critics_consensus', 'one', 'as it stands there'),
    ('studio', 'rotten_tomatoes', 'rotten_tomatoes_movies.csv', 'production_company', 'one', 'as it stands there'),
    ('sources', 'imdb', 'title.basics.tsv.gz', 'tconst', 'each', 'which sources have it'),
    ('sources', 'netflix', 'netflix_titles.csv', 'show_id', 'each', 'which sources have it'),
    ('sources', 'justwatch', 'titles.csv', 'id', 'each', 'which sources have it'),
    ('sources', 'rotten_tomatoes', 'rotten_tomatoes_movies.csv', 'rotten_tomatoes_link', 'each', 'which sources have it'),
    ('field_sources', 'imdb', 'title.basics.tsv.gz', 'tconst', 'each', 'which source each field was taken from'),
    ('field_sources', 'netflix', 'netflix_titles.csv', 'show_id', 'each', 'which source each field was taken from'),
    ('field_sources', 'justwatch', 'titles.csv', 'id', 'each', 'which source each field was taken from'),
    ('field_sources', 'rotten_tomatoes', 'rotten_tomatoes_movies.csv', 'rotten_tomatoes_link', 'each', 'which source each field was taken from'),
    ('original_language', 'imdb', 'title.akas.tsv.gz', 'language', 'winner', 'of the name that is marked as original; else a word of a catalogue that names one'),
    ('original_language', 'netflix', 'netflix_titles.csv', 'listed_in', 'winner', 'a word that names a language, through genres.csv'),
    ('lists', 'justwatch', null, 'title', 'list', 'the title of justwatch''s own file of that name, kind and year')
)

select
    column_name,
    source,
    file_name,
    file_column,
    takes,
    rule
from told
union all
-- The other catalogues are files of the same kind.
select
    told.column_name,
    catalogue.source,
    catalogue.file_name,
    told.file_column,
    told.takes,
    told.rule
from told
cross join (
    values
    ('amazon', 'amazon_prime_titles.csv'),
    ('disney', 'disney_plus_titles.csv'),
    ('hulu', 'hulu_titles.csv')
) as catalogue (source, file_name)
where told.source = 'netflix' and told.column_name not in ('netflix_title_id', 'netflix_title_ids', 'is_on_netflix');

comment on view mart.title_column_sources is 'Grain: column of mart.titles x file that it is made from.';
comment on column mart.title_column_sources.column_name is 'Column of mart.titles.';
comment on column mart.title_column_sources.source is 'Provider.';
comment on column mart.title_column_sources.file_name is 'The file; null: one for each list.';
comment on column mart.title_column_sources.file_column is 'Its column.';
comment on column mart.title_column_sources.takes is 'winner: the source that field_sources names. one: the row that speaks for the work. each: every row. member: the rows that name the member of a list. least, likeliest, scored, list, own key: see rule.';
comment on column mart.title_column_sources.rule is 'How the value follows.';

create or replace function mart.provenance(given_key bigint, given_column text)
returns table (
    title_key bigint,
    column_name text,
    cell_value jsonb,
    member text,
    source text,
    file_name text,
    file_column text,
    file_date date,
    file_sha256 text,
    record_id text,
    line_number bigint,
    rule text,
    link_band text,
    link_probability real,
    link_decided_by text,
    load_id bigint,
    batch_date date
)
language plpgsql
stable
as $$
begin
    if not exists (
        select
        from mart.title_column_sources as known
        where known.column_name = given_column
    ) then
        raise exception 'mart.provenance: expected a column of mart.titles, found %', given_column
            using hint = 'See mart.title_column_sources.', errcode = 'undefined_column';
    end if;
    return query
    with

    work as materialized (
        select
            titles.*,
            to_jsonb(titles) -> given_column as cell
        from mart.titles
        where titles.title_key = warehouse.resolve_title(given_key)
    ),

    -- The rows that the work has in the files now.
    record as materialized (
        select
            'imdb' as source,
            work.imdb_title_id as record_id,
            null::bigint as line_number,
            1 as source_rank,
            null::integer as runtime_min,
            null::smallint as season_count,
            null::text as certification,
            null::smallint as least_age,
            null::text as match_band,
            null::real as match_probability,
            null::text as decided_by,
            null::text[] as genres,
            null::text[] as directors,
            null::text[] as actors,
            null::jsonb as said_by_line
        from work
        where 'imdb' = any(work.sources)
        union all
        select
            bridge.source,
            bridge.source_id,
            bridge.line_number,
            bridge.source_rank,
            bridge.runtime_min,
            bridge.season_count,
            bridge.source_certification,
            dim_certification.least_age,
            bridge.match_band,
            bridge.match_probability,
            bridge.decided_by,
            bridge.source_genres,
            bridge.source_directors,
            bridge.source_actors,
            bridge.said_by_line
        from work
        inner join warehouse.bridge_title_source as bridge on work.title_key = bridge.title_key
        left join warehouse.dim_certification on bridge.source_certification = dim_certification.certification
    ),

    -- What each record lists; of a link that repeats, each of its lines.
    listing as materialized (
        select
            record.source,
            record.record_id,
            coalesce(line.line, record.line_number) as line_number,
            record.match_band,
            record.match_probability,
            record.decided_by,
            case given_column
                when 'directors' then coalesce(line.directors, record.directors)
                when 'cast_names' then coalesce(line.actors, record.actors)
                when 'countries' then null
                else coalesce(line.genres, record.genres)
            end as words
        from record
        left join lateral jsonb_to_recordset(record.said_by_line)
            as line (line bigint, genres text[], directors text[], actors text[]) on true
    ),

    -- Sources that the work does not stand in any more.
    former as materialized (
        select
            gone.source,
            case when gone.source = 'imdb' then work.imdb_title_id end as record_id,
            (
                select max(loaded_day.loaded_date)
                from warehouse.loaded_day
                where loaded_day.source = gone.source
                    and loaded_day.loaded_date < case
                        when gone.source = 'imdb' then (
                            select max(absence.absent_from)
                            from warehouse.hist_imdb_absence as absence
                            where absence.title_key = work.title_key and absence.absent_until = 'infinity'
                        )
                        else (
                            select max(stay.left_date)
                            from warehouse.fact_availability as stay
                            inner join warehouse.dim_platform on stay.platform_key = dim_platform.platform_key
                            where stay.title_key = work.title_key and dim_platform.platform = gone.source
                        )
                    end
            ) as last_date
        from work
        cross join lateral unnest(work.sources) as gone (source)
        where not work.is_current
    ),

    member as materialized (
        select
            dim_genre.genre as member,
            named.source,
            null::bigint as person_key,
            bridge.source_genres as words
        from work
        inner join warehouse.bridge_title_genre as bridge on work.title_key = bridge.title_key
        inner join warehouse.dim_genre on bridge.genre_key = dim_genre.genre_key
        cross join lateral unnest(bridge.sources) as named (source)
        where (given_column = 'genres' and dim_genre.genre_kind = 'genre')
            or (given_column = 'labels' and dim_genre.genre_kind <> 'genre')
        union all
        select
            dim_country.country as member,
            named.source,
            null as person_key,
            null as words
        from work
        inner join warehouse.bridge_title_country as bridge on work.title_key = bridge.title_key
        inner join warehouse.dim_country on bridge.country_key = dim_country.country_key
        cross join lateral unnest(bridge.sources) as named (source)
        where given_column = 'countries'
        union all
        select distinct
            dim_person.person_name as member,
            named.source,
            dim_person.person_key,
            array[dim_person.person_name] as words
        from work
        inner join warehouse.bridge_title_person_role as bridge on work.title_key = bridge.title_key
        inner join warehouse.dim_role on bridge.role_key = dim_role.role_key
        inner join warehouse.dim_person on bridge.person_key = dim_person.person_key
        cross join lateral (
            select unnest(bridge.sources)
            union
            -- Whose name is IMDb's, whoever credits them.
            select 'imdb name'
            where not dim_person.is_name_only
        ) as named (source)
        where (given_column = 'directors' and dim_role.role = 'director')
            or (given_column = 'cast_names' and dim_role.role_group = 'cast')
    ),

    rule as (
        select known.*
        from mart.title_column_sources as known
        where known.column_name = given_column
    ),

    winner as (
        select work.field_sources ->> case given_column when 'least_age' then 'certification' else given_column end
            as source
        from work
    ),

    chosen as (
        select
            rule.source,
            rule.file_name,
            rule.file_column,
            rule.rule,
            rule.takes,
            record.record_id,
            record.line_number,
            record.match_band,
            record.match_probability,
            record.decided_by,
            row_number() over (
                partition by rule.source, rule.file_name
                order by
                    case
                        when given_column = 'runtime_min' then record.runtime_min is null and record.source <> 'imdb'
                        when given_column = 'season_count' then record.season_count is null
                        when given_column in ('certification', 'least_age') then record.certification is null
                    end,
                    case when given_column in ('certification', 'least_age') then record.least_age is null end,
                    case when rule.takes = 'likeliest' then coalesce(record.match_probability, -1) end desc,
                    case when rule.takes not in ('least', 'likeliest') then record.source_rank end,
                    length(record.record_id),
                    record.record_id
            ) as place
        from rule
        inner join record on rule.source = record.source
        cross join work
        cross join winner
        where case rule.takes
                when 'winner' then rule.source = winner.source
                when 'own key' then rule.source = (
                    select split_part(identity.natural_key, '|', 1)
                    from warehouse.title_identity as identity
                    where identity.title_key = work.title_key
                )
                when 'scored' then
                    case rule.source
                        when 'imdb' then work.imdb_vote_count is not null
                        else coalesce(work.critics_count, work.audience_count) is not null
                    end
                else rule.takes not in ('member', 'list')
            end
    ),

    told as (
        select
            chosen.source,
            chosen.file_name,
            chosen.file_column,
            chosen.rule,
            null::text as member,
            chosen.record_id,
            chosen.line_number,
            chosen.match_band,
            chosen.match_probability,
            chosen.decided_by
        from chosen
        where chosen.place = 1 or chosen.takes in ('each', 'own key')
        union all
        select
            rule.source,
            rule.file_name,
            rule.file_column,
            rule.rule,
            member.member,
            case rule.file_name
                when 'name.basics.tsv.gz' then person.id
                when 'title.principals.tsv.gz' then listing.record_id || ' ' || person.id
                else listing.record_id
            end as record_id,
            listing.line_number,
            listing.match_band,
            listing.match_probability,
            listing.decided_by
        from member
        inner join rule
            on replace(member.source, ' name', '') = rule.source
                and (member.source = 'imdb name') = (rule.file_name is not distinct from 'name.basics.tsv.gz')
        inner join listing
            on rule.source = listing.source
                -- Those that name it; all of the source where none does in these very words, as people of other spellings.
                and (
                    listing.words && member.words
                    or not exists (
                        select
                        from listing as other
                        where other.source = rule.source and other.words && member.words
                    )
                )
        cross join lateral (
            select 'nm' || lpad(member.person_key::text, greatest(7, length(member.person_key::text)), '0') as id
        ) as person
        union all
        select
            'justwatch' as source,
            place.list || '.csv' as file_name,
            rule.file_column,
            rule.rule,
            place.list as member,
            place.list_rank::text as record_id,
            null as line_number,
            null as match_band,
            null as match_probability,
            null as decided_by
        from work
        inner join warehouse.fact_list_membership as place
            on work.title_key = place.title_key and place.until_date is null
        inner join rule on rule.takes = 'list'
    )

    select
        work.title_key,
        given_column as column_name,
        work.cell as cell_value,
        told.member,
        told.source,
        told.file_name,
        told.file_column,
        file.file_date,
        file.sha256 as file_sha256,
        told.record_id,
        told.line_number,
        told.rule,
        told.match_band as link_band,
        told.match_probability as link_probability,
        told.decided_by as link_decided_by,
        file.load_id,
        file.batch_date
    from work
    cross join told
    left join mart.source_files as file
        on file.is_seen and told.source = file.source and told.file_name = file.file_name
    where work.is_current and work.cell <> 'null' and work.cell <> '[]'
    union all
    select
        work.title_key,
        given_column as column_name,
        work.cell as cell_value,
        null as member,
        former.source,
        rule.file_name,
        rule.file_column,
        file.file_date,
        file.sha256 as file_sha256,
        former.record_id,
        null as line_number,
        rule.rule || '; no source has it any more: as the last day that had it said' as rule,
        null as link_band,
        null as link_probability,
        null as link_decided_by,
        file.load_id,
        file.batch_date
    from work
    inner join rule on rule.takes <> 'list'
    inner join former on rule.source = former.source
    cross join winner
    left join lateral (
        select source_files.*
        from mart.source_files
        where source_files.batch_date = former.last_date
            and source_files.source = former.source
            and source_files.file_name = rule.file_name
        order by source_files.load_id desc
        limit 1
    ) as file on true
    where not work.is_current and work.cell <> 'null' and work.cell <> '[]'
        and (rule.takes <> 'winner' or rule.source = winner.source)
    order by source, file_name, member, line_number, record_id;
end
$$;

comment on function mart.provenance(bigint, text) is 'Grain: record that a cell of mart.titles comes from: which file and digest, which record and line, by which rule and by whose decision it is of this title.';
