# make demo   environment, then the main job on the bundled suite: the table, and the path of the page
# make test   environment, lint, types, and all tests
# make coverage  all tests with the lines that they reach: at least 90 %, and a third more time
# make bench  measurements, side by side with a peer; DATA_DIR=… for the real suite, BENCH_ARGS=--full for the whole grid,
#             PEER_PYTHON=… for a Python that has faiss, BASE_MODEL=… for the folder of a real encoder
# make campaign  real runs killed, ended, on full disks, on damaged files, by several users: one table; no trial begins after 20 minutes;
#             CAMPAIGN_ARGS="kills --share 0.1" for a part
# make lint   style and types
# make docs   the documentation as HTML in docs/_build/html; a warning is an error
# make docs-refresh   writes what commands print, and the licences of the pinned packages, into the documentation again
# make dist   wheel and sdist in dist/: the same sources give the same bytes
# make sbom   dist/sbom.cdx.json (CycloneDX): the packages of an environment, their licences and what needs what;
#             SBOM_PYTHON=… for that of another Python, such as one that only the wheel was installed into

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test coverage bench campaign lint docs docs-refresh dist sbom
.DELETE_ON_ERROR:

# torch first and pinned: asked for through another package, pip would take the newest build with its CUDA libraries.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check --quiet "$$(grep '^torch==' constraints.txt)"
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --constraint constraints.txt --editable '.[dev]'
	touch $(READY)

demo: $(READY)
	$(BIN)/harness run --suite mini --methods all --langs ko,hi,fa --seeds 0,1,2 --out runs/mini

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# A worker per core, each of some 1.5 GB. A test file stays on one, so that its runs are made once; files keep the order of
# tests/conftest.py.
TESTS := $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

test: lint
	$(TESTS)

coverage: $(READY)
	$(TESTS) --cov --cov-report=term:skip-covered --cov-fail-under=90

bench: $(READY)
	$(BIN)/python tests/benchmarks/search_memory.py
	$(BIN)/python tests/benchmarks/search_speed.py $(if $(PEER_PYTHON),--peer-python $(PEER_PYTHON))
	$(BIN)/python tests/benchmarks/gradient_cache.py
	$(if $(DATA_DIR),$(BIN)/python tests/benchmarks/corpus_memory.py --data-dir $(DATA_DIR))
	$(BIN)/python tests/benchmarks/evidence.py speed
	$(BIN)/python tests/benchmarks/verdicts.py
	$(BIN)/python tests/benchmarks/null_calibration.py
	$(BIN)/python tests/benchmarks/transfers.py
	$(BIN)/python tests/benchmarks/repeated_seeds.py
	$(BIN)/python tests/benchmarks/synthesis.py
	$(BIN)/python tests/benchmarks/report.py
	$(BIN)/python tests/benchmarks/forgeries.py
	$(BIN)/python tests/benchmarks/bge_m3.py
	$(BIN)/python tests/benchmarks/full_scale.py --layers 2 --texts 64
	$(BIN)/python tests/benchmarks/training_step.py $(if $(DATA_DIR),--data-dir $(DATA_DIR))
	$(BIN)/python tests/benchmarks/grid.py $(if $(DATA_DIR),--data-dir $(DATA_DIR),--suite mini) $(BENCH_ARGS)
	$(BIN)/python tests/benchmarks/command_line.py
	$(BIN)/python tests/benchmarks/schedule.py
	$(if $(BASE_MODEL),$(BIN)/python tests/benchmarks/preflight.py --base-model $(BASE_MODEL))
	$(if $(BASE_MODEL),$(BIN)/python tests/benchmarks/onnx_vectors.py --base-model $(BASE_MODEL))

campaign: $(READY)
	PYTHONPATH=tests $(BIN)/python -m campaigns $(CAMPAIGN_ARGS)

docs: $(READY)
	$(BIN)/python -m sphinx --builder html --nitpicky --fail-on-warning --keep-going --quiet docs docs/_build/html

docs-refresh: $(READY)
	$(BIN)/python docs/refresh.py
	$(BIN)/python docs/licences.py

DIST := dist
SBOM_PYTHON ?= $(BIN)/python

dist: $(READY)
	$(BIN)/python -m hatchling build -t sdist -t wheel -d $(DIST)

sbom: $(READY)
	mkdir -p $(DIST)
	$(BIN)/python -m cyclonedx_py environment --pyproject pyproject.toml --output-reproducible --output-format JSON \
		--output-file $(DIST)/sbom.cdx.json $(SBOM_PYTHON)
