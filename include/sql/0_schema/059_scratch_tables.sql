-- 059_scratch_tables
-- Grain:  -
-- Reads:  -
-- Writes: schema build (who looks after its tables), staging.imdb_crew (statistics)
-- Rerun:  applied once, in order, by number; ops.migration remembers it
-- Notes:  what each build empties, fills and analyses itself needs no autovacuum, which read the largest of these tables
--         from the disk, twice, just when the publish did. build.row_change and build.unnamed_credit live from day to
--         day and keep it. Of how many directors and writers a title has the planner must know: of a list it knows
--         nothing about it expects ten, and reads all of IMDb's people instead of looking a few up

do $$
declare
    scratch record;
begin
    for scratch in
        select relname as table_name
        from pg_class
        where
            relnamespace = 'build'::regnamespace and relkind = 'r'
            and relname not in ('row_change', 'unnamed_credit')
    loop
        execute format('alter table build.%I set (autovacuum_enabled = false)', scratch.table_name);
    end loop;
end
$$;

alter table staging.imdb_crew
alter column director_numbers set statistics 10,
alter column writer_numbers set statistics 10;
