"""A stand-in for an engine process: serves on the address it was given, says so, ends when asked.

Run as `python -m engine_twin`. `CORDBOARD_LOG_LEVEL=BROKEN` makes it end before it serves.
"""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path


async def main() -> int:
    """Serve until SIGTERM."""
    settings = {name: value for name, value in os.environ.items() if name.startswith("CORDBOARD_")}
    Path(settings["CORDBOARD_HOME"], f"{settings['CORDBOARD_INSTANCE']}.settings.json").write_text(json.dumps(settings))
    if settings.get("CORDBOARD_LOG_LEVEL") == "BROKEN":
        sys.stderr.write("cannot serve\n")
        return 1
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    host, _, port = settings["CORDBOARD_LISTEN"].rpartition(":")
    server = await asyncio.start_server(lambda reader, writer: writer.close(), host, int(port))
    sys.stdout.write(json.dumps({"ready": True, "grpc": settings["CORDBOARD_LISTEN"]}) + "\n")
    sys.stdout.flush()
    await stop.wait()
    server.close()
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
