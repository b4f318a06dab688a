"""A thousand mixed requests, 5 % hostile, while the service is killed and started again.

    python benchmarks/server_kill.py [--requests 1000] [--kills 3]

Prints how the requests were answered, how many images were accepted, and how many of those were
not there in the end: 0 is the only good number.
"""

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from mixed_traffic import run_traffic
from service import Served


def main() -> None:
    """Run and print."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--requests", type=int, default=1000)
    options.add_argument("--kills", type=int, default=3)
    given = options.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        Served(Path(folder), ocr=False, rate_limit="1000000/minute") as server,
    ):
        found = run_traffic(server, requests=given.requests, kills=given.kills)
    answers = ", ".join(f"{status}: {count}" for status, count in sorted(found.answers.items()))
    print(f"requests by status (0: cut off by a kill)  {answers}")
    print(f"kills                     {found.kills}")
    print(f"hostile requests          {found.hostile}, let in: {len(found.let_in)}")
    print(f"honest ones refused       {len(found.unexpected)} {found.unexpected[:5]}")
    print(f"images accepted           {len(found.accepted)}")
    print(f"images lost               {len(found.lost)}")


if __name__ == "__main__":
    main()
