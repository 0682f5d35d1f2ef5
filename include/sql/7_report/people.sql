-- people
-- Grain:  person and part played: cast or director
-- Reads:  warehouse
-- Writes: -
-- Rerun:  reads only
-- Notes:  The twelve with most works of the catalogues, for each part. Names that stand for no known person are left
--         out: several people may share one.

with

counted as (
    select
        dim_person.person_name,
        case when dim_role.role_group = 'cast' then 'cast' else 'director' end as part,
        count(distinct dim_title.title_key) as titles
    from warehouse.bridge_title_person_role
    inner join warehouse.dim_role on bridge_title_person_role.role_key = dim_role.role_key
    inner join warehouse.dim_person on bridge_title_person_role.person_key = dim_person.person_key
    inner join warehouse.dim_title on bridge_title_person_role.title_key = dim_title.title_key
    where
        dim_title.is_catalogue_title
        and not dim_person.is_name_only
        and (dim_role.role_group = 'cast' or dim_role.role = 'director')
    group by
        dim_person.person_key,
        dim_person.person_name,
        case when dim_role.role_group = 'cast' then 'cast' else 'director' end
),

ranked as (
    select
        counted.*,
        row_number() over (partition by part order by titles desc, person_name) as place
    from counted
)

select
    part,
    person_name,
    titles
from ranked
where place <= 12
order by part, place;
