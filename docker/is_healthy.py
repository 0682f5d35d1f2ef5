"""Whether one of Airflow's parts is healthy, as the API server says; the exit code tells.

Not `airflow jobs check`, which imports all of Airflow: six seconds of a core, for each part, every half minute.
"""

from __future__ import annotations

import json
import sys
import urllib.request

with urllib.request.urlopen("http://api-server:8080/api/v2/monitor/health", timeout=10) as answer:
    parts = json.load(answer)
sys.exit(0 if parts[sys.argv[1]]["status"] == "healthy" else 1)
