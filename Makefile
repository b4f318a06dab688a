BIN := .venv/bin

demo: .venv/ready  ## Run everything once: offline, no API key
	@$(BIN)/langchain-phase5 demo

test: .venv/ready  ## Run the tests (no network) and report coverage
	@$(BIN)/pytest --numprocesses=auto --dist=loadgroup --cov --cov-report=term:skip-covered

lint: .venv/ready  ## Check style, types and import directions
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

mutation: .venv/ready  ## Change the code in small ways and list what no test notices (hours)
	$(BIN)/mutmut run
	@$(BIN)/mutmut results

docs: .venv/ready  ## Build the documentation into site/
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

format: .venv/ready  ## Fix style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

notebooks: .venv/ready  ## Run the notebooks again and keep what they print
	$(BIN)/jupyter-execute --inplace notebooks/*.ipynb
	@$(BIN)/python .ci/plain-notebooks notebooks/*.ipynb
	@$(BIN)/ruff format --quiet notebooks

# The stamp is made last, so that an installation that broke off is tried again.
.venv/ready: pyproject.toml
	@echo "1/3 virtual environment"
	@python3 -m venv .venv
	@echo "2/3 packages (several GB, most of it PyTorch)"
	@$(BIN)/pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv pip install --editable '.[all]' --group dev
	@echo "3/3 Tesseract"
	@sh .ci/tesseract
	@touch $@

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: notebooks demo test lint mutation docs format help
.DEFAULT_GOAL := help
