"""The agency's worker: `python -m lakeside_homes.worker` with the settings below in the environment.

LAKESIDE_TEMPORAL    host:port of Temporal
LAKESIDE_GATEWAY     host:port of Cordboard's gateway (gRPC)
LAKESIDE_TOKEN_FILE  file with a bearer token that has the scope `scripts:run`
LAKESIDE_NAMESPACE   Temporal's namespace; without it `cordboard`
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from cordboard.runtime.script_keys import GatewayScriptKeys
from cordboard.workflows.script_worker import NAMESPACE, connect, script_worker
from lakeside_homes.viewing_script import Viewing

QUEUE = "lakeside-homes"


async def main() -> None:
    """Run the agency's workflow until told to stop."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    token_file = Path(os.environ["LAKESIDE_TOKEN_FILE"])
    keys = GatewayScriptKeys(os.environ["LAKESIDE_GATEWAY"], lambda: token_file.read_text().strip())
    namespace = os.environ.get("LAKESIDE_NAMESPACE", NAMESPACE)
    client = await connect(os.environ["LAKESIDE_TEMPORAL"], keys, namespace=namespace)
    async with script_worker(client, QUEUE, [Viewing]):
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(main())
    sys.stdout.flush()
    # The Temporal library may abort while the interpreter ends (sdk-python issue 300); by now all is closed.
    os._exit(0)
