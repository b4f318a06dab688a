"""Two real Ray workers embed a folder; one is killed midway, and nothing is lost or doubled."""

import json
import os
import random
import subprocess
import sys
import textwrap

import pytest

from langchain_phase5.demo import tiny_drawings
from langchain_phase5.retrievers import CLIPImageRetriever, OpenCLIPEmbeddings, open_index

pytest.importorskip("ray", reason="the optional extra `ray` is not installed")
pytestmark = pytest.mark.skipif(
    "RAY_TESTS" not in os.environ, reason="starts a Ray cluster twice: minutes; set RAY_TESTS=1"
)

SCRIPT = """
    import json, os, signal, sys, threading, time
    from pathlib import Path

    import ray
    from langchain_phase5.retrievers import ImageIndex, OpenCLIPEmbeddings
    from langchain_phase5.retrievers.ray_indexing import index_with_ray

    folder, place, model, kill = sys.argv[1:]
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    killed = []

    def kill_one_worker():
        while not killed:
            for line in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    name = line.read_bytes().replace(b"\\0", b" ")
                    parent = int((line.parent / "stat").read_text().split(") ")[1].split()[1])
                    parents = (Path("/proc") / str(parent) / "cmdline").read_bytes()
                except (OSError, ValueError):
                    continue
                ours = session in parents.decode(errors="replace")
                if ours and name.startswith(b"ray::") and b"MapWorker" in name and len(index):
                    os.kill(int(line.parent.name), signal.SIGKILL)
                    killed.append(name.decode())
                    return
            time.sleep(0.02)

    session = ray._private.worker._global_node.get_session_dir_path()
    with ImageIndex(OpenCLIPEmbeddings.from_local(model, device="cpu"), path=place) as index:
        if kill == "kill":
            threading.Thread(target=kill_one_worker, daemon=True).start()
        report = index_with_ray(folder, index, workers=2)
        print(json.dumps({
            "added": len(report.added), "known": len(report.known),
            "failed": len(report.failed), "total": len(index), "killed": killed,
        }))
    ray.shutdown()
"""


def run(folder, place, *, kill):
    command = [
        sys.executable,
        "-c",
        textwrap.dedent(SCRIPT),
        str(folder),
        str(place),
        str(tiny_drawings.path()),
        "kill" if kill else "spare",
    ]
    environment = {**os.environ, "RAY_USAGE_STATS_ENABLED": "0", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(  # noqa: S603 - our own interpreter and script
        command, env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(next(line for line in done.stdout.splitlines() if line.startswith("{")))


def test_a_killed_worker_costs_nothing_and_doubles_nothing(tmp_path):
    folder = tmp_path / "drawings"
    folder.mkdir()
    rng = random.Random(0)  # noqa: S311 - drawings, not secrets
    for number in range(200):
        drawing = rng.choice(tiny_drawings.all_drawings())
        tiny_drawings.render(drawing, rng, size=256).save(folder / f"{number}.png")
    (folder / "copy.png").write_bytes((folder / "7.png").read_bytes())
    (folder / "broken.png").write_bytes(b"no image")

    first = run(folder, tmp_path / "index", kill=True)
    again = run(folder, tmp_path / "index", kill=False)

    assert first["killed"]
    assert (first["added"], first["known"], first["failed"]) == (200, 1, 1)
    assert (again["added"], again["known"], again["total"]) == (0, 201, 200)
    clip = OpenCLIPEmbeddings.from_local(tiny_drawings.path())
    with open_index(tmp_path / "index", embeddings=clip) as index:
        (found,) = CLIPImageRetriever(vectorstore=index, k=1).invoke(folder / "99.png")
    assert found.metadata["source"] == str(folder / "99.png")


def test_the_command_line_indexes_with_ray(tmp_path):
    folder = tmp_path / "drawings"
    folder.mkdir()
    rng = random.Random(1)  # noqa: S311 - drawings, not secrets
    for number in range(40):
        drawing = rng.choice(tiny_drawings.all_drawings())
        tiny_drawings.render(drawing, rng, size=256).save(folder / f"{number}.png")
    program = "from langchain_phase5.cli import main; main()"
    command = [sys.executable, "-c", program, "index", str(folder), "--ray"]
    command += ["--workers", "2", "--model", str(tiny_drawings.path())]
    environment = {**os.environ, "RAY_USAGE_STATS_ENABLED": "0", "OMP_NUM_THREADS": "1"}
    for expected in ("40 added", "0 added"):
        done = subprocess.run(  # noqa: S603 - our own interpreter and command
            command, env=environment, capture_output=True, text=True, timeout=600, check=False
        )
        assert done.returncode == 0, done.stderr[-3000:]
        assert expected in done.stdout
    clip = OpenCLIPEmbeddings.from_local(tiny_drawings.path())
    with open_index(folder, embeddings=clip) as index:
        assert len(index) == 40
