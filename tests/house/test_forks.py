"""Processes that start others keep gRPC out of what they fork: a child may die of it before it is its program."""

import os
import subprocess
import sys

import pytest

TOLD = """
import importlib.abc, os, sys

class Watch(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "grpc":
            print(os.environ.get("GRPC_ENABLE_FORK_SUPPORT"))

sys.meta_path.insert(0, Watch())
__import__(sys.argv[1])
"""


@pytest.mark.parametrize(
    "module", ["cordboard.cli.__main__", "cordboard.voice_agent.__main__", "cordboard.activities.wrap_up.__main__"]
)
def test_a_process_that_starts_others_tells_grpc_so_before_it_is_imported(module: str) -> None:
    surroundings = {name: value for name, value in os.environ.items() if name != "GRPC_ENABLE_FORK_SUPPORT"}
    command = [sys.executable, "-c", TOLD, module]
    told = subprocess.run(command, capture_output=True, text=True, check=True, env=surroundings, timeout=60)
    assert told.stdout.split() == ["false"]
