"""Carries the bare workflow in a process of its own: `python -m cordboard.cli.bench.setup.bare_worker`.

A JSON line on stdin names Temporal's address and namespace; it answers when it works, until stdin ends.
"""

import asyncio
import json
import os
import sys

from temporalio.client import Client
from temporalio.worker import Worker

from cordboard.cli.bench.setup.bare_workflow import QUEUE, BareWorkflow, nothing


async def main() -> None:
    """Work until stdin ends."""
    line = await asyncio.to_thread(sys.stdin.readline)
    if not line:
        return
    told = json.loads(line)
    client = await Client.connect(told["temporal"], namespace=told["namespace"])
    async with Worker(client, task_queue=QUEUE, workflows=[BareWorkflow], activities=[nothing]):
        sys.stdout.write(json.dumps({"ready": True}) + "\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.readline)


if __name__ == "__main__":
    asyncio.run(main())
    # Temporal's threads may abort an interpreter that ends.
    os._exit(0)
