-- 081_names_of_catalogues
-- Grain:  as before
-- Reads:  -
-- Writes: the comment on warehouse.title_name, matching.renamed_title
-- Rerun:  applied once, in order, by number; ops.migration remembers it
-- Notes:  titles are found by the names that catalogues give them, too: the next publish looks at all

comment on table warehouse.title_name is 'Grain: one work of warehouse.title_search x name it is found by: its title, the one in the original language, the one that a catalogue gives it, and for catalogue titles those of other countries.';

insert into matching.renamed_title values (null);
