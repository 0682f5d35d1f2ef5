-- matching.imdb_id, matching.imdb_title_words
-- Grain:  functions: an IMDb title as people write it
-- Reads:  staging.imdb_titles
-- Writes: matching.imdb_id, matching.imdb_title_words (functions)
-- Rerun:  create or replace

create or replace function matching.imdb_id(title_number integer) returns text
language sql
immutable
return 'tt' || lpad(title_number::text, greatest(7, length(title_number::text)), '0');

comment on function matching.imdb_id(integer) is 'An IMDb title number as IMDb writes it: tt0133093.';

create or replace function matching.imdb_title_words(title_number integer) returns text
language sql
stable
return (
    select
        matching.imdb_id(title_number) || coalesce(
            ' ' || imdb_titles.primary_title || ' (' || imdb_titles.title_type
            || coalesce(', ' || imdb_titles.start_year, '')
            || coalesce('–' || nullif(imdb_titles.end_year, imdb_titles.start_year), '') || ')',
            ''
        )
    from (select) as asked
    left join staging.imdb_titles on imdb_titles.imdb_title_number = title_number
);

comment on function matching.imdb_title_words(integer) is 'An IMDb title in words: id, name, type and years; the id alone when staging does not hold it.';
