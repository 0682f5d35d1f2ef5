-- arrivals_of_the_last_quarter
-- Grain:  title x day
-- Reads:  mart.arrived_and_left, warehouse.publication
-- Writes: -
-- Rerun:  reads only
-- Notes:  What came to Netflix, came back, or left it in the 90 days before the day that readers see?

select
    moves.event_date,
    moves.event,
    moves.title,
    moves.kind,
    moves.release_year,
    moves.stayed_days
from warehouse.publication
cross join
    lateral mart.arrived_and_left('netflix', publication.batch_date - 90, publication.batch_date) as moves
where publication.part = 'warehouse'
order by moves.event_date desc, moves.event, moves.title, moves.title_key;
