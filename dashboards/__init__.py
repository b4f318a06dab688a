"""Grafana dashboards as code, and the Prometheus and Alertmanager files around them."""
