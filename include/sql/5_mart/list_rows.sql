-- mart.list_rows
-- Grain:  place on a list of the best titles, as it stands now
-- Reads:  warehouse
-- Writes: mart.list_rows (view)
-- Rerun:  create or replace; new columns go to the end

create or replace view mart.list_rows as
select
    fact_list_membership.list,
    fact_list_membership.list_rank,
    fact_list_membership.title_key,
    coalesce(dim_title.title, fact_list_membership.source_title) as title,
    fact_list_membership.source_kind as kind,
    fact_list_membership.source_year,
    dim_title.imdb_title_id,
    fact_list_membership.unlinked_because,
    fact_list_membership.from_date
from warehouse.fact_list_membership
left join warehouse.dim_title on fact_list_membership.title_key = dim_title.title_key
where fact_list_membership.until_date is null;

comment on view mart.list_rows is 'Grain: one place on one list. Rows of no title of the warehouse are there too, with the reason.';
comment on column mart.list_rows.list is 'Name of the list.';
comment on column mart.list_rows.list_rank is 'Place; 1 is the best.';
comment on column mart.list_rows.title_key is 'The title; null when it is not known which.';
comment on column mart.list_rows.title is 'As in mart.titles, else as the list writes it.';
comment on column mart.list_rows.kind is 'movie or series: what the list is of.';
comment on column mart.list_rows.source_year is 'As the list gives it.';
comment on column mart.list_rows.imdb_title_id is 'tconst.';
comment on column mart.list_rows.unlinked_because is 'Why it is not known which title it is.';
comment on column mart.list_rows.from_date is 'First loaded day on which it stood there.';
