-- build.unnamed_credit
-- Grain:  title x director or writer whom the file of names did not have when the title was built
-- Reads:  staging.imdb_crew, build.unnamed_person
-- Writes: build.unnamed_credit (added to; never emptied)
-- Rerun:  adds no row twice
-- Notes:  when the name comes, the title's credits change although no row of it does. Where principals name a person is
--         found by an index; crew has lists. A pair too many costs a title built for nothing, so none is taken out

insert into build.unnamed_credit (title_key, person_key)
select distinct
    imdb_crew.imdb_title_number as title_key,
    crew.person_number as person_key
from staging.imdb_crew
cross join
    lateral unnest(imdb_crew.director_numbers || imdb_crew.writer_numbers) as crew (person_number)
inner join build.unnamed_person on crew.person_number = unnamed_person.person_key
on conflict do nothing;
