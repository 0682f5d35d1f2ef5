"""`reelhouse approve`: publish a held load all the same, for a reason that is recorded with your name.

What is published is exactly what is shown without a reason: `reelhouse approve` alone lists the loads that wait, what
speaks against each, and what it would change. Where our Airflow waits for the answer it goes on; else the rest of the
day is done here.
"""

from __future__ import annotations

import argparse

from reelhouse.operating import answering


def add_arguments(parser: argparse.ArgumentParser) -> None:
    answering.add_answer(parser)


def run(arguments: argparse.Namespace) -> int:
    return answering.run(arguments, "approve")
