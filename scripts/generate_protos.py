"""Writes the Python code of every .proto below protos/; `--check` fails when what is checked in differs."""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROTOS = ROOT / "protos"
GENERATED = ("*_pb2.py", "*_pb2.pyi", "*_pb2_grpc.py", "*_pb2_grpc.pyi")


def generate(out: Path) -> None:
    """Run protoc with the mypy plugins over all protos, writing below `out`."""
    sources = sorted(str(path.relative_to(PROTOS)) for path in PROTOS.rglob("*.proto"))
    services = [name for name in sources if name.endswith("_service.proto")]
    bin_dir = Path(sys.executable).parent
    base = [sys.executable, "-m", "grpc_tools.protoc", f"-I{PROTOS}"]
    plugins = [
        f"--plugin=protoc-gen-mypy={bin_dir / 'protoc-gen-mypy'}",
        f"--plugin=protoc-gen-mypy_grpc={bin_dir / 'protoc-gen-mypy_grpc'}",
    ]
    subprocess.run([*base, *plugins, f"--python_out={out}", f"--mypy_out=quiet:{out}", *sources], check=True)
    subprocess.run([*base, *plugins, f"--grpc_python_out={out}", f"--mypy_grpc_out=quiet:{out}", *services], check=True)


def generated_files(root: Path) -> dict[str, bytes]:
    """Every generated file below `root`, by its path relative to it."""
    return {str(path.relative_to(root)): path.read_bytes() for pattern in GENERATED for path in root.rglob(pattern)}


def main() -> int:
    """Generate in place, or compare with a fresh generation."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail when the code is stale")
    if not parser.parse_args().check:
        generate(PROTOS)
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        generate(Path(scratch))
        fresh, present = generated_files(Path(scratch)), generated_files(PROTOS)
    stale = sorted(name for name in fresh.keys() | present.keys() if fresh.get(name) != present.get(name))
    for name in stale:
        print(f"stale: protos/{name} (run `make protos`)")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
