-- matching.describe_terms
-- Grain:  function: one row a term of a pair's evidence, in words
-- Reads:  -
-- Writes: matching.describe_terms (function)
-- Rerun:  create or replace
-- Notes:  terms and details as in matching.match_evidence. A term that has no words here yet is shown all the same

create or replace function matching.describe_terms(terms jsonb, details jsonb)
returns table (what text, value text, points real, words text)
language sql
immutable
as $$
    with seen as (
        select
            details ->> 'name' as our_name,
            details ->> 'imdb_name' as imdb_name,
            (details ->> 'is_aka')::boolean as is_aka,
            (details ->> 'similarity')::numeric as similarity,
            (details ->> 'titles_of_this_name')::integer as title_count,
            (details ->> 'year')::numeric::integer as our_year,
            (details ->> 'start_year')::numeric::integer as start_year,
            (details ->> 'end_year')::numeric::integer as end_year,
            coalesce(details ->> 'imdb_type' in ('tvSeries', 'tvMiniSeries'), false) as is_series,
            details ->> 'imdb_type' as imdb_type,
            details ->> 'kind' as kind,
            (details ->> 'runtime_min')::numeric::integer as runtime_min,
            (details ->> 'imdb_runtime_min')::numeric::integer as imdb_runtime_min,
            replace(details ->> 'directors', '|', ', ') as directors,
            replace(details ->> 'imdb_directors', '|', ', ') as imdb_directors,
            details ->> 'shared_people' as shared_people,
            (details ->> 'shared_cast')::numeric::integer as shared_cast,
            least((details ->> 'cast_count')::numeric, (details ->> 'imdb_cast_count')::numeric)::integer as comparable,
            (details ->> 'rarest')::numeric::integer as rarest,
            replace(details ->> 'genres', '|', ', ') as genres,
            replace(details ->> 'imdb_genres', '|', ', ') as imdb_genres,
            (details ->> 'imdb_least_votes')::numeric::integer as least_votes
    ),

    said (place, family, value, words) as (
        select 1, 'prior', null, 'what is known before anything is seen: any one title is unlikely'
        union all
        select
            2, 'title', our_name || case when similarity < 1 then ' ~ ' || imdb_name else '' end,
            case
                when similarity >= 1
                    then 'the same name' || case when is_aka then ', on IMDb an alternative one' else '' end
                        || case when title_count > 1 then ', which ' || title_count || ' IMDb titles have' else '' end
                else round(100 * similarity) || ' % of the letters agree'
                    || case when is_aka then ' with an alternative name on IMDb' else '' end
            end
        from seen
        union all
        select
            3, 'year', our_year || ' ~ ' || start_year || case when is_series then '–' || coalesce(end_year::text, '')
                else '' end,
            case
                when is_series and our_year < start_year then start_year - our_year || ' before its first season'
                when is_series and our_year > end_year then our_year - end_year || ' after its last season'
                when is_series then 'within its seasons'
                when our_year = start_year then 'the same year'
                else abs(our_year - start_year) || ' apart'
            end
        from seen
        union all
        select 4, 'type', kind || ' ~ ' || imdb_type, 'film or series, feature or short' from seen
        union all
        select
            5, 'runtime', runtime_min || ' ~ ' || imdb_runtime_min || ' min',
            case
                when runtime_min = imdb_runtime_min then 'the same length'
                else abs(runtime_min - imdb_runtime_min) || ' minutes apart'
            end
        from seen
        union all
        select
            6, 'director', directors || case when directors = imdb_directors then '' else ' ~ ' || imdb_directors end,
            case when directors = imdb_directors then 'the same directors' else 'directors here and on IMDb' end
        from seen
        union all
        select
            7, 'cast', shared_cast || ' of ' || comparable, 'shared of the shorter list of actors'
        from seen
        union all
        select
            8, 'people', case when rarest is not null then 'on ' || rarest || ' titles' else 'none in both' end,
            coalesce(
                'shared in any role: ' || shared_people || '; the rarer the rarest of these names, the more it says',
                'nobody is named on both sides'
            )
        from seen
        union all
        select 9, 'genre', genres || ' ~ ' || imdb_genres, 'categories here and on IMDb' from seen
        union all
        select
            10, 'fame',
            case least_votes when 0 then 'no rating' when 1 then 'few votes' else least_votes || ' votes or more' end,
            'votes on IMDb in steps of tenfold: what a catalogue lists, people have seen'
        from seen
    )

    select
        term.key as what,
        said.value,
        round(term.value::numeric, 2)::real as points,
        case
            when said.family is null then term.key
            when said.value is null and said.family <> 'prior' then 'unknown on one side at least'
            else said.words
        end
        || case
            when term.value::numeric > 0 then ': speaks for it'
            when term.value::numeric < 0 and said.family is distinct from 'prior' then ': speaks against it'
            when term.value::numeric = 0 then ': says nothing'
            else ''
        end as words
    from jsonb_each_text(terms) as term
    left join said on term.key = said.family
    order by said.place nulls last, term.key
$$;

comment on function matching.describe_terms(jsonb, jsonb) is 'The terms of a pair in words, with what they were seen in. Points are log odds: 0.7 doubles the odds, 2.3 makes them ten times as high.';
