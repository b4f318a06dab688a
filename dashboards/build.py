"""Write the dashboards' JSON from their sources: `python -m dashboards.build`."""

import json
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.source import agents, costs, overview, tools

FOLDER = Path(__file__).parent / "grafana"


def dashboards() -> dict[str, Dashboard]:
    """Return every dashboard by the name of its file."""
    return {
        "overview.json": overview.dashboard(),
        "agents.json": agents.dashboard(),
        "tools.json": tools.dashboard(),
        "costs.json": costs.dashboard(),
    }


def encode(dashboard: Dashboard) -> str:
    """Return the JSON text of a dashboard; the same dashboard gives the same text."""
    return json.dumps(dashboard, cls=JSONEncoder, indent=2, sort_keys=True) + "\n"


def main() -> None:
    """Write all dashboards, each file whole."""
    FOLDER.mkdir(exist_ok=True)
    for name, dashboard in dashboards().items():
        unfinished = FOLDER / f"{name}.tmp"
        unfinished.write_text(encode(dashboard), encoding="utf-8")
        unfinished.replace(FOLDER / name)


if __name__ == "__main__":
    main()
