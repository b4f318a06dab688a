"""The containers are pinned, checked, reachable from this machine only, and read our files."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]
FILE = ROOT / "docker-compose.monitoring.yml"
COMPOSE = yaml.safe_load(FILE.read_text())
REQUIRED = "GRAFANA_ADMIN_PASSWORD"
GRAFANA = ROOT / "dashboards" / "grafana"

each_service = pytest.mark.parametrize("name", sorted(COMPOSE["services"]))
needs_compose = pytest.mark.skipif(
    shutil.which("docker-compose") is None, reason="needs the Debian package docker-compose"
)


def compose(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603
        ["docker-compose", "-f", str(FILE), *arguments],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"]} | environment,
    )


def mounts(name: str) -> dict[str, str]:
    volumes = [volume.split(":") for volume in COMPOSE["services"][name]["volumes"]]
    return {inside: outside for outside, inside, *_ in volumes}


def test_services():
    assert set(COMPOSE["services"]) == {"prometheus", "alertmanager", "grafana", "pushgateway"}
    optional = {name for name, service in COMPOSE["services"].items() if "profiles" in service}
    assert optional == {"pushgateway"}


@each_service
def test_image_is_pinned_and_checked(name):
    service = COMPOSE["services"][name]
    assert re.fullmatch(r"[\w/-]+:v?\d+\.\d+\.\d+", service["image"])
    assert service["healthcheck"]["test"][0] == "CMD"
    assert service["restart"] == "unless-stopped"


@each_service
def test_ports_are_open_to_this_machine_only(name):
    assert all(port.startswith("127.0.0.1:") for port in COMPOSE["services"][name]["ports"])


@each_service
def test_our_files_exist_and_cannot_be_changed(name):
    for volume in COMPOSE["services"][name]["volumes"]:
        outside, *_, mode = volume.split(":")
        if outside.startswith("."):
            assert (ROOT / outside).is_dir()
            assert mode == "ro"
        else:
            assert outside in COMPOSE["volumes"]


def test_no_password_is_written_down():
    secrets = re.findall(r"^ *\w*PASSWORD: (.*)$", FILE.read_text(), re.MULTILINE)
    assert secrets == ["${GRAFANA_ADMIN_PASSWORD:?choose a password for Grafana}"]


def test_agents_on_this_machine_can_be_scraped():
    assert COMPOSE["services"]["prometheus"]["extra_hosts"] == ["host.docker.internal:host-gateway"]
    targets = yaml.safe_load((ROOT / "dashboards/prometheus/targets/agents.yml").read_text())
    assert targets == [{"targets": ["host.docker.internal:9464"]}]


def test_grafana_finds_prometheus_and_the_dashboards():
    (source,) = yaml.safe_load((GRAFANA / "provisioning/datasources/prometheus.yml").read_text())[
        "datasources"
    ]
    assert source["url"] == "http://prometheus:9090"
    assert source["type"] == "prometheus"
    interval = yaml.safe_load((ROOT / "dashboards/prometheus/prometheus.yml").read_text())
    assert source["jsonData"]["timeInterval"] == interval["global"]["scrape_interval"]
    (provider,) = yaml.safe_load(
        (GRAFANA / "provisioning/dashboards/langchain_phase5.yml").read_text()
    )["providers"]
    inside = mounts("grafana")
    assert (ROOT / inside[provider["options"]["path"]]).resolve() == GRAFANA
    home = COMPOSE["services"]["grafana"]["environment"][
        "GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"
    ]
    assert home == f"{provider['options']['path']}/overview.json"
    assert inside["/etc/grafana/provisioning"] == "./dashboards/grafana/provisioning"


def test_prometheus_finds_the_alertmanager():
    found = yaml.safe_load((ROOT / "dashboards/prometheus/targets/alertmanager.yml").read_text())
    assert found == [{"targets": ["alertmanager:9093"]}]


@needs_compose
@pytest.mark.parametrize("profile", [[], ["--profile", "push"]], ids=["plain", "push"])
def test_compose_accepts_the_file(profile):
    done = compose(*profile, "config", **{REQUIRED: "a $ecret"})
    assert done.returncode == 0, done.stderr
    resolved = yaml.safe_load(done.stdout)
    # What compose prints is a compose file again, in which a dollar is doubled.
    environment = resolved["services"]["grafana"]["environment"]
    assert environment["GF_SECURITY_ADMIN_PASSWORD"].replace("$$", "$") == "a $ecret"


@needs_compose
@pytest.mark.parametrize("given", [{}, {REQUIRED: ""}], ids=["none", "empty"])
def test_compose_insists_on_a_password(given):
    done = compose("config", **given)
    assert done.returncode != 0
    assert "choose a password" in done.stderr
