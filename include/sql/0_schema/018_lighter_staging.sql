-- 018_lighter_staging
-- Grain:  as before; less is kept up beside the rows of IMDb's files
-- Reads:  -
-- Writes: schema staging
-- Rerun:  applied once, in order, by number; ops.migration remembers it
-- Notes:  The index of principals by person serves matching alone, which makes it when it stores its keys. Columns by
--         which nothing finds or joins rows need no statistics: they were more than half of the work of `analyze`.

drop index staging.imdb_principals_of_person;

do $$
declare
    unasked record;
begin
    for unasked in
        select *
        from (values
            ('imdb_titles', 'primary_title'), ('imdb_titles', 'original_title'), ('imdb_titles', 'end_year'),
            ('imdb_titles', 'runtime_min'), ('imdb_titles', 'genres'), ('imdb_ratings', 'imdb_rating_of_10'),
            ('imdb_principals', 'characters'), ('imdb_crew', 'director_numbers'), ('imdb_crew', 'writer_numbers'),
            ('imdb_akas', 'title'), ('imdb_akas', 'region'), ('imdb_akas', 'language'), ('imdb_akas', 'is_original'),
            ('imdb_people', 'person_name'), ('imdb_people', 'birth_year'), ('imdb_people', 'death_year'),
            ('imdb_people', 'professions'), ('imdb_people', 'known_for_numbers')
        ) as without_statistics (table_name, column_name)
    loop
        execute format(
            'alter table staging.%I alter column %I set statistics 0', unasked.table_name, unasked.column_name
        );
    end loop;
end
$$;
