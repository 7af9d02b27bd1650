"""The least that a packet through another process costs: `python -m cordboard.cli.bench.forward.udp_echo`.

Says its port on stdout and sends back whatever comes, until its stdin ends.
"""

import json
import os
import socket
import sys
import threading


def echo(bound: socket.socket) -> None:
    """Send back every datagram, for ever."""
    while True:
        data, address = bound.recvfrom(2048)
        bound.sendto(data, address)


def main() -> None:
    """Serve until stdin ends."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    bound.bind(("127.0.0.1", 0))
    threading.Thread(target=echo, args=(bound,), daemon=True).start()
    sys.stdout.write(json.dumps({"port": bound.getsockname()[1]}) + "\n")
    sys.stdout.flush()
    sys.stdin.read()
    # The thread waits in the kernel; there is nothing to put in order.
    os._exit(0)


if __name__ == "__main__":
    main()
