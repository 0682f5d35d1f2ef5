-- warehouse.fact_recommendation
-- Grain:  method x subject x rank
-- Reads:  changed_list
-- Writes: warehouse.fact_recommendation (deletes the changed and gone lists)
-- Rerun:  nothing to delete

delete from warehouse.fact_recommendation as kept
using changed_list
where kept.method_key = changed_list.method_key and kept.subject_key = changed_list.subject_key;
