-- mart.alike_titles
-- Grain:  title of the current catalogues x rank, for one title that stands in none of them
-- Reads:  warehouse
-- Writes: mart.alike_titles(...) (function)
-- Rerun:  create or replace
-- Notes:  lists are made for titles of the catalogues; who likes another one is told at once what of them is like it. The
--         score is that of similar_hybrid (docs/recommendations.md) as far as a query can tell it in a moment: people
--         and words of titles count alike however rare, descriptions and the catalogues' own words for genres not at all, and
--         of the viewers who like the title the 2,000 with the newest ratings are asked. The parts stand in the reasons
--         and add up to the score. Nothing for adults, nothing above the age that the title allows; two of the other kind
--         (film, series) and two of the same first words at most

create or replace function mart.alike_titles(title_key bigint, "limit" integer default 10)
returns table (
    recommended_title_key bigint,
    rank integer,
    score_raw double precision,
    reasons jsonb
)
language sql stable rows 10
-- A few thousand titles are looked up by key, however many there are.
set random_page_cost = 1.1
as $function$
with

-- Of all weights, 5.9 together with those of categories and descriptions.
weight (field, value) as (
    values
    ('genre', 1.0::double precision / 5.9), ('cast', 2.0 / 5.9), ('director', 0.5 / 5.9), ('title word', 1.0 / 5.9),
    ('year', 1.0 / 5.9)
),

catalogue as materialized (
    select search.*
    from (
        select distinct entry.title_key
        from warehouse.bridge_title_source as entry
        where entry.platform_key is not null
    ) as listed
    inner join warehouse.title_search as search on listed.title_key = search.title_key
),

source as materialized (
    select
        search.*,
        title.folded_title,
        exists (
            select
            from warehouse.bridge_title_genre as bridge
            inner join warehouse.dim_genre as genre on bridge.genre_key = genre.genre_key
            where bridge.title_key = search.title_key and genre.genre = 'Family'
        ) as is_family,
        (
            select coalesce(max(certification.least_age), 0)
            from warehouse.dim_certification as certification
            where certification.certification in ('PG', 'TV-PG')
        ) as child_limit
    from warehouse.title_search as search
    inner join warehouse.dim_title as title on search.title_key = title.title_key
    where search.title_key = alike_titles.title_key
),

figures as materialized (
    select
        count(*)::double precision as title_count,
        ln(1 + greatest(max(catalogue.vote_count), max(source.vote_count), 1)) as most_fame,
        min(catalogue.weighted_of_10)::double precision as least,
        nullif(max(catalogue.weighted_of_10) - min(catalogue.weighted_of_10), 0)::double precision as breadth,
        avg(catalogue.weighted_of_10)::double precision as middle
    from catalogue
    cross join source
),

-- Whom the title is for may be shown nothing that is not for them; see docs/recommendations.md.
target as materialized (
    select
        catalogue.*,
        title.folded_title,
        case when catalogue.vote_count > 0 then ln(1 + catalogue.vote_count) / figures.most_fame end as fame,
        coalesce(
            (coalesce(catalogue.weighted_of_10::double precision, figures.middle) - figures.least) / figures.breadth, 0.5
        ) as quality
    from source
    cross join figures
    cross join catalogue
    inner join warehouse.dim_title as title on catalogue.title_key = title.title_key
    where
        catalogue.title_key <> source.title_key
        and not exists (
            select
            from warehouse.bridge_title_genre as bridge
            inner join warehouse.dim_genre as genre on bridge.genre_key = genre.genre_key
            where bridge.title_key = catalogue.title_key and genre.genre = 'Adult'
        )
        and case
            when source.least_age <= 7 then catalogue.least_age <= source.child_limit
            when source.is_family and coalesce(source.least_age, 0) <= source.child_limit then catalogue.least_age <= 16
            when source.least_age >= 17 then true
            else coalesce(catalogue.least_age, 0) <= 17
        end
),

genre_rarity as materialized (
    select
        word.genre,
        ln((1 + min(figures.title_count)) / (1 + count(*))) + 1 as rarity
    from catalogue
    cross join unnest(catalogue.genres) as word (genre)
    cross join figures
    group by word.genre
),

-- What a title has of what titles are compared by; `size` is the length that makes a cosine of what two share.
own as materialized (
    select
        'genre' as field,
        word.genre as token,
        word.genre as label,
        coalesce(genre_rarity.rarity, 0) as amount
    from source
    cross join unnest(source.genres) as word (genre)
    left join genre_rarity on word.genre = genre_rarity.genre
    union all
    select distinct
        'title word' as field,
        word.token,
        word.token as label,
        1 as amount
    from source
    cross join figures
    cross join regexp_split_to_table(source.folded_title, ' ') as word (token)
    where
        length(word.token) > 1 and word.token !~ '^[0-9]+$'
        and (
            select count(*)
            from target
            where word.token = any(string_to_array(target.folded_title, ' '))
        ) between 1 and greatest(20, 0.002 * figures.title_count)
    union all
    select
        billed.field,
        billed.person_key::text as token,
        person.person_name as label,
        1 as amount
    from (
        select
            credit.person_key,
            kind.field,
            row_number() over (
                partition by kind.field
                order by min(credit.billing_order) nulls last, credit.person_key
            ) as place
        from warehouse.bridge_title_person_role as credit
        inner join warehouse.dim_role as role on credit.role_key = role.role_key
        cross join lateral (
            select case when role.role_group = 'cast' then 'cast' when role.role = 'director' then 'director' end as field
        ) as kind
        where credit.title_key = alike_titles.title_key and kind.field is not null
        group by credit.person_key, kind.field
    ) as billed
    inner join warehouse.dim_person as person on billed.person_key = person.person_key
    where billed.field = 'director' or billed.place <= 10
),

shared as (
    select
        target.title_key,
        own.field,
        own.label,
        own.amount ^ 2 as product,
        (
            select sum(genre_rarity.rarity ^ 2)
            from genre_rarity
            where genre_rarity.genre = any(target.genres)
        ) as size
    from own
    inner join target on own.token = any(target.genres)
    where own.field = 'genre'
    union all
    select
        target.title_key,
        own.field,
        own.label,
        1 as product,
        cardinality(string_to_array(target.folded_title, ' ')) as size
    from own
    inner join target on own.token = any(string_to_array(target.folded_title, ' '))
    where own.field = 'title word'
    union all
    select
        credit.title_key,
        own.field,
        own.label,
        1 as product,
        case own.field when 'cast' then least(10, (
            select count(*)
            from warehouse.bridge_title_person_role as other
            inner join warehouse.dim_role as role on other.role_key = role.role_key
            where other.title_key = credit.title_key and role.role_group = 'cast'
        )) else 1 end as size
    from own
    cross join lateral (
        select distinct bridge.title_key
        from warehouse.bridge_title_person_role as bridge
        inner join warehouse.dim_role as role on bridge.role_key = role.role_key
        where
            bridge.person_key = own.token::bigint
            and own.field = case when role.role_group = 'cast' then 'cast' else role.role end
    ) as credit
    inner join target on credit.title_key = target.title_key
    where own.field in ('cast', 'director')
),

liked as materialized (
    select
        rating.user_key,
        count(*) over () as like_count
    from warehouse.fact_user_rating as rating
    inner join warehouse.dim_user as viewer on rating.user_key = viewer.user_key and not viewer.is_synthetic
    where rating.title_key = alike_titles.title_key and rating.rating_of_5 >= 4
    order by rating.rated_at desc, rating.user_key asc
    limit 2000
),

together as (
    select
        agreed.title_key,
        agreed.likes / (sqrt(agreed.like_count * (
            select count(*)
            from warehouse.fact_user_rating as rating
            inner join warehouse.dim_user as viewer on rating.user_key = viewer.user_key and not viewer.is_synthetic
            where rating.title_key = agreed.title_key and rating.rating_of_5 >= 4
        )) + 5) as share
    from (
        select
            rating.title_key,
            max(liked.like_count) as like_count,
            -- Of those who were not asked as many are taken to agree.
            count(*) * max(liked.like_count) / (select count(*) from liked)::double precision as likes
        from liked
        inner join warehouse.fact_user_rating as rating on liked.user_key = rating.user_key and rating.rating_of_5 >= 4
        inner join target on rating.title_key = target.title_key
        group by rating.title_key
        order by count(*) desc, rating.title_key asc
        limit 60
    ) as agreed
),

part as (
    select
        shared.title_key,
        shared.field as kind,
        shared.label as named,
        weight.value * shared.product / sqrt(shared.size * length.squared) as share
    from shared
    inner join weight on shared.field = weight.field
    inner join (
        select
            own.field,
            case own.field
                when 'title word' then max(cardinality(string_to_array(source.folded_title, ' ')))
                else greatest(sum(own.amount ^ 2), 1e-9)
            end as squared
        from own
        cross join source
        group by own.field
    ) as length on shared.field = length.field
    union all
    select
        target.title_key,
        'year' as kind,
        case
            when target.release_year = source.release_year then target.release_year::text
            else source.release_year || ' and ' || target.release_year
        end as named,
        weight.value * (4 - abs(source.release_year / 3 - target.release_year / 3)) / 4 as share
    from source
    cross join target
    inner join weight on weight.field = 'year'
    where abs(source.release_year / 3 - target.release_year / 3) < 4
    union all
    select
        together.title_key,
        'together' as kind,
        'liked by the same viewers' as named,
        together.share
    from together
    union all
    select
        target.title_key,
        standing.kind,
        standing.named,
        greatest(0.2, (ln(1 + source.vote_count) / figures.most_fame) ^ 2) * standing.share as share
    from source
    cross join figures
    cross join target
    cross join lateral (
        values
        ('popularity', to_char(target.vote_count, 'FM999,999,999') || ' IMDb votes', 0.4 * coalesce(target.fame, 0)),
        (
            'quality', coalesce('rated ' || round(target.weighted_of_10, 1) || ' of 10', 'no rating, taken as average'),
            0.25 * target.quality
        ),
        (
            'nearness', 'about as well known',
            case when source.vote_count > 0
                then 0.35 * coalesce(1 - abs(ln(1 + source.vote_count) / figures.most_fame - target.fame), 0.5)
            end
        )
    ) as standing (kind, named, share)
),

rounded as materialized (
    select
        part.title_key,
        part.kind,
        coalesce(part.named, part.kind) as named,
        round(part.share::numeric, 8) as share
    from part
    where part.share >= 0.5e-8
),

scored as (
    select
        rounded.title_key,
        sum(rounded.share) as score
    from rounded
    group by rounded.title_key
    -- Known to the same few, or made in one year, is no likeness.
    having bool_or(rounded.kind in ('genre', 'cast', 'director', 'title word', 'together'))
),

placed as (
    select
        scored.title_key,
        scored.score,
        target.vote_count,
        (target.kind = 'series') = (source.kind = 'series') as is_same_kind,
        row_number() over (
            partition by (target.kind = 'series') = (source.kind = 'series')
            order by scored.score desc, target.vote_count desc, scored.title_key asc
        ) as of_kind,
        row_number() over (
            partition by substring(target.folded_title from '^\S+(?: \S+)?')
            order by scored.score desc, target.vote_count desc, scored.title_key asc
        ) as of_franchise
    from scored
    inner join target on scored.title_key = target.title_key
    cross join source
),

chosen as materialized (
    select
        placed.title_key,
        placed.score,
        row_number() over (order by placed.score desc, placed.vote_count desc, placed.title_key asc) as place
    from placed
    where placed.of_franchise <= 2 and (placed.is_same_kind or placed.of_kind <= 2)
    order by place
    limit greatest(0, least(50, coalesce("limit", 10)))
)

select
    chosen.title_key as recommended_title_key,
    chosen.place::integer as rank,
    chosen.score::double precision as score_raw,
    (
        select
            jsonb_agg(
                jsonb_build_object('kind', rounded.kind, 'value', rounded.named, 'share', rounded.share)
                order by rounded.share desc, rounded.kind, rounded.named
            )
        from rounded
        where rounded.title_key = chosen.title_key
    ) as reasons
from chosen
order by chosen.place
$function$;

comment on function mart.alike_titles(
    bigint, integer
) is 'What of the current catalogues is like a title that stands in none of them, the most alike first, with the parts of its score. For titles of the catalogues lists are made beforehand: mart.recommendations.';
