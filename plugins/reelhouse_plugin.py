"""Shows the warehouse's pages within Airflow: an entry in the navigation, a tab on each DAG, an app at /warehouse/.

Every process of Airflow imports this file, also each task: so nothing of the app is imported before somebody asks it.
"""

from __future__ import annotations

import threading

from airflow.plugins_manager import AirflowPlugin


class Warehouse:
    """The app, made when it is first asked. Plain ASGI."""

    def __init__(self) -> None:
        self.app = None
        self.lock = threading.Lock()

    def made(self):
        with self.lock:
            if self.app is None:
                from reelhouse.serving.airflow_access import make_app_within

                self.app = make_app_within()
        return self.app

    async def __call__(self, scope, receive, send) -> None:
        from starlette.concurrency import run_in_threadpool

        app = self.app or await run_in_threadpool(self.made)
        await app(scope, receive, send)


class ReelhousePlugin(AirflowPlugin):
    """The app and where it is seen. With a slash at the end: without it Airflow's own page answers."""

    name = "reelhouse"
    fastapi_apps = [{"app": Warehouse(), "url_prefix": "/warehouse", "name": "Warehouse"}]
    external_views = [
        {
            "name": "Warehouse",
            "href": "/warehouse/",
            "destination": "nav",
            "url_route": "warehouse",
            "icon": "/warehouse/static/favicon.svg",
        },
        {
            "name": "Trust",
            "href": "/warehouse/trust",
            "destination": "dag",
            "url_route": "warehouse-trust",
        },
        {
            "name": "Report",
            "href": "/warehouse/report",
            "destination": "dag",
            "url_route": "warehouse-report",
        },
    ]
