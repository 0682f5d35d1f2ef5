-- mart.score_low, mart.score_high, mart.score_shrunk
-- Grain:  functions: how sure an average of votes is
-- Reads:  -
-- Writes: mart.share_low, mart.share_high, mart.score_low, mart.score_high, mart.score_shrunk (functions)
-- Rerun:  create or replace
-- Notes:  Wilson's interval for a share, 95 % (1.96 squared is 3.8416). An average between two ends counts as the share
--         of the way from one to the other: of all votes with that average, those at the two ends spread most, so that for
--         an average the interval is rather too wide than too narrow. It always holds the average itself, and more votes make
--         it narrower. Rounded outwards. Nobody's vote has no score and no bounds. Each body is one expression, so that the
--         planner puts it in place of the call.

create or replace function mart.share_low(share double precision, answers double precision)
returns double precision
language sql
immutable
return (
    2 * answers * share + 3.8416 - 1.96 * sqrt(3.8416 + 4 * answers * share * (1 - share))
) / (2 * (answers + 3.8416));

comment on function mart.share_low(double precision, double precision) is 'Lower bound (Wilson, 95 %) of a share from 0 to 1 of so many answers.';

create or replace function mart.share_high(share double precision, answers double precision)
returns double precision
language sql
immutable
return (
    2 * answers * share + 3.8416 + 1.96 * sqrt(3.8416 + 4 * answers * share * (1 - share))
) / (2 * (answers + 3.8416));

comment on function mart.share_high(double precision, double precision) is 'Upper bound (Wilson, 95 %) of a share from 0 to 1 of so many answers.';

create or replace function mart.score_low(score numeric, answers bigint, worst integer, best integer)
returns numeric
language sql
immutable
return case when answers > 0 then round(greatest(
    worst,
    least(score, floor(100 * (
        worst + (best - worst) * mart.share_low(((score - worst) / (best - worst))::double precision, answers)
    )::numeric) / 100)
), 2) end;

comment on function mart.score_low(numeric, bigint, integer, integer) is 'Lower bound (95 %) of the average of so many votes between the worst and the best one. Null when nobody voted.';

create or replace function mart.score_high(score numeric, answers bigint, worst integer, best integer)
returns numeric
language sql
immutable
return case when answers > 0 then round(least(
    best,
    greatest(score, ceil(100 * (
        worst + (best - worst) * mart.share_high(((score - worst) / (best - worst))::double precision, answers)
    )::numeric) / 100)
), 2) end;

comment on function mart.score_high(numeric, bigint, integer, integer) is 'Upper bound (95 %) of the average of so many votes between the worst and the best one. Null when nobody voted.';

create or replace function mart.score_shrunk(score numeric, answers bigint, expected integer, weight integer)
returns numeric
language sql
immutable
return case when answers > 0 then round((answers * score + weight * expected) / (answers + weight), 2) end;

comment on function mart.score_shrunk(numeric, bigint, integer, integer) is 'The average with so many more votes for what is expected of any title: (n * score + m * C) / (n + m). Null when nobody voted.';
