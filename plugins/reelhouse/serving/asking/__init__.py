"""The questions: one module a subject. SQL in, models out; nothing here knows of requests."""
