-- warehouse.hist_recommendation
-- Grain:  method x subject x moment of replacement x rank
-- Reads:  -
-- Writes: warehouse.hist_recommendation (deletes what was replaced more than 30 days ago)
-- Rerun:  nothing to delete

delete from warehouse.hist_recommendation
where replaced_at < now() - interval '30 days';
