"""`reelhouse reject`: end a held load; readers keep what they have. The reason is recorded with your name.

The same files on the same day are asked about again; better files are another load. Without a load it lists those that
wait.
"""

from __future__ import annotations

import argparse

from reelhouse.operating import answering


def add_arguments(parser: argparse.ArgumentParser) -> None:
    answering.add_answer(parser)


def run(arguments: argparse.Namespace) -> int:
    return answering.run(arguments, "reject")
