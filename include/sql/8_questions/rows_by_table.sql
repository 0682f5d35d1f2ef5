-- rows_by_table
-- Grain:  table of the star
-- Reads:  mart.table_rows
-- Writes: -
-- Rerun:  reads only
-- Notes:  How many rows does each table of the star have?

select
    table_name,
    table_rows
from mart.table_rows;
