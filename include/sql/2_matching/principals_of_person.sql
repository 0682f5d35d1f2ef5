-- Index of staging.imdb_principals by person
-- Grain:  -
-- Reads:  staging.imdb_principals
-- Writes: its index imdb_principals_of_person
-- Rerun:  made when it is not there; staging drops it when it fills the table anew
-- Notes:  without it every new name of a catalogue would cost a look at all credits; staging itself has no use for it

create index if not exists imdb_principals_of_person on staging.imdb_principals (imdb_person_number);
