"""The pages: the same answers as the endpoints', for people. Server-rendered, with htmx; no build, no inline script."""
