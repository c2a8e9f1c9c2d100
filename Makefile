# make repro    environment, params.yaml from conf/, the pipeline on the demo data
# make test     environment, the tests (they run the whole demo pipeline once, in a clone)
# make app      the page: pictures and the camera's in, points out; APP='--port 8080 --weights FILE'
# make real     the pipeline on the real data sets; KEYPOINTS_MIRROR=folder is looked in first
# make results  what the last run gave, into results/<profile>; SCORER=kaggle_score.py scores the Kaggle list
# make compose  params.yaml from conf/
# make systems  every option trained on the real data, one table; goes on where it was stopped
#               (SYSTEMS='--only nose face', --no-imagenet: without torchvision's weights)
# make boxes    what boxes that are off cost, on the real data: results/boxes.md
# make ship     the weights of the real run, into pretrained/, with their cards
# make docs     the README's pictures, from the demo's outputs and the shipped weights
# make lint     ruff

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SCORER ?= ../shared/tools/kaggle_score.py
READY := $(VENV)/.ready
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PYTHONPATH := $(CURDIR)

.PHONY: env repro test app real results systems boxes ship docs compose lint clean

env: $(READY)

$(READY): requirements.txt constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

compose: $(READY)
	python -m keypoints.compose

repro: compose
	dvc repro

test: $(READY)
	python -m pytest

real: $(READY)
	python -m keypoints.compose profile=real
	dvc repro

results: $(READY)
	python -m keypoints.results $(addprefix --scorer ,$(wildcard $(SCORER)))

systems: $(READY)
	python -m keypoints.systems $(SYSTEMS) $(addprefix --scorer ,$(wildcard $(SCORER)))

boxes: $(READY)
	python -m keypoints.boxes

ship: $(READY)
	python -m keypoints.ship

app: $(READY)
	python -m keypoints.app $(APP)

docs: $(READY)
	python docs/demo.py
	python docs/photo.py

lint: $(READY)
	ruff check .
	ruff format --check .

clean:
	rm -rf $(VENV)
