-- pairs_that_work_together
-- Grain:  two people
-- Reads:  mart.collaborations
-- Writes: -
-- Rerun:  reads only
-- Notes:  Who made most titles of the catalogues together, and from when to when?

select
    person_name,
    other_person_name,
    titles_together,
    first_year,
    last_year
from mart.collaborations(min_titles => 2)
order by titles_together desc, person_name, other_person_name, person_key, other_person_key
limit 25;
