-- rows_by_table
-- Grain:  table of the star
-- Reads:  warehouse
-- Writes: -
-- Rerun:  reads only
-- Notes:  How many rows does each table of the star have?

select
    'dim_title' as table_name,
    count(*) as table_rows
from warehouse.dim_title
union all
select
    'dim_person' as table_name,
    count(*) as table_rows
from warehouse.dim_person
union all
select
    'bridge_title_person_role' as table_name,
    count(*) as table_rows
from warehouse.bridge_title_person_role
union all
select
    'bridge_title_genre' as table_name,
    count(*) as table_rows
from warehouse.bridge_title_genre
union all
select
    'bridge_title_country' as table_name,
    count(*) as table_rows
from warehouse.bridge_title_country
union all
select
    'bridge_title_source' as table_name,
    count(*) as table_rows
from warehouse.bridge_title_source
union all
select
    'fact_title_rating' as table_name,
    count(*) as table_rows
from warehouse.fact_title_rating
union all
select
    'fact_availability' as table_name,
    count(*) as table_rows
from warehouse.fact_availability
union all
select
    'fact_recommendation' as table_name,
    count(*) as table_rows
from warehouse.fact_recommendation;
