"""Start it: `python -m tests.fake_tiktok --port 8099`."""

import argparse
import sys
from pathlib import Path

from tests.fake_tiktok.server import serve


def main() -> None:
    """Listen until somebody ends it, and say where."""
    parser = argparse.ArgumentParser(prog="fake_tiktok", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any that is free")
    parser.add_argument("--port-file", type=Path, help="where the port is written")
    asked = parser.parse_args()
    server = serve(asked.host, asked.port)
    port = server.server_address[1]
    if asked.port_file:
        draft = asked.port_file.with_suffix(".draft")
        draft.write_text(str(port), encoding="ascii")
        draft.replace(asked.port_file)
    sys.stdout.write(f"TikTok (fake) listens on http://{asked.host}:{port}\n")
    sys.stdout.flush()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


main()
