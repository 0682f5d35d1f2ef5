-- Rows whose people have to be found anew among those of the matched title
-- Grain:  row of a source file; imdb_title_number is null when it is not linked
-- Reads:  matching.title_decision, pg_temp.former_link, pg_temp.row_to_score
-- Writes: pg_temp.row_to_resolve
-- Rerun:  the table lives as long as the transaction
-- Notes:  a row that is neither scored anew nor linked otherwise has the same names, and its title the same people; what
--         a person linked need not be a candidate, so those rows are always among them

create temporary table row_to_resolve on commit drop as
select
    decision.source,
    decision.source_id,
    case when decision.band = 'match' then decision.imdb_title_number end as imdb_title_number
from matching.title_decision as decision
left join former_link
    on decision.source = former_link.source and decision.source_id = former_link.source_id
left join row_to_score
    on decision.source = row_to_score.source and decision.source_id = row_to_score.source_id
where
    row_to_score.source is not null
    or decision.decided_by = 'manual'
    or case when decision.band = 'match' then decision.imdb_title_number end
    is distinct from former_link.imdb_title_number;

analyze row_to_resolve;
