"""The app as `reelhouse serve` runs it: everything it is told comes from the environment."""

from __future__ import annotations

from fastapi import FastAPI

from reelhouse.errors import SettingsWrong
from reelhouse.serving.app import make_app
from reelhouse.serving.settings import read_serving_settings
from reelhouse.settings import read_settings


def make_app_alone() -> FastAPI:
    """
    Raises  SettingsWrong when no warehouse is named
    """
    settings = read_settings()
    if not settings.warehouse_dsn:
        raise SettingsWrong(
            "REELHOUSE_WAREHOUSE_DSN: expected the warehouse, found none. `reelhouse serve` sets it for its workers."
        )
    return make_app(settings.warehouse_dsn, settings, read_serving_settings())
