"""Serving: one app of endpoints and pages on the warehouse, mounted in Airflow or run alone by `reelhouse serve`.

settings   what can be set
access     who asks, and what they may
keys       API keys and sessions, of which only digests are kept
reading    one request is one snapshot; its load in the answer, tags, a small cache
measuring  how long answers take, for /metrics
asking/    the questions: one module a subject, SQL in, models out
routes/    the endpoints under /api/v1
pages/     the same answers for people: templates, style sheet, htmx
app        puts them together
"""
