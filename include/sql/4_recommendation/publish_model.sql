-- warehouse.recommendation_model
-- Grain:  model
-- Reads:  build.recommendation_model
-- Writes: warehouse.recommendation_model (adds or replaces what differs)
-- Rerun:  nothing differs

insert into warehouse.recommendation_model as kept (model, contents, contents_sha256, figures, load_id)
select
    model,
    contents,
    contents_sha256,
    figures,
    load_id
from build.recommendation_model
on conflict (model) do update
    set
        contents = excluded.contents,
        contents_sha256 = excluded.contents_sha256,
        figures = excluded.figures,
        load_id = excluded.load_id
    where
    (kept.contents_sha256, kept.figures) is distinct from (excluded.contents_sha256, excluded.figures);
