-- 074_alerts_of_other_causes
-- Grain:  as before; what is told again
-- Reads:  -
-- Writes: ops.alert (comments)
-- Rerun:  applied once, in order, by number; ops.migration remembers it

comment on table ops.alert is 'Grain: kind x day x place: an alert that was sent. The same again on that day is counted, not sent; a failure or a hold for another cause is sent.';
comment on column ops.alert.cause is 'What was said of it when it was sent last.';
comment on column ops.alert.told_at is 'When it was sent last.';
comment on column ops.alert.repeats is 'How often it came again since, unsent.';
