"""What the dashboards are made of; `python -m dashboards.build` writes them to `grafana/`."""
