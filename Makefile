# Every target installs what it needs into .venv first. `make help` lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SCORER ?= ../shared/tools/kaggle_score.py
READY := $(VENV)/.ready
SECONDS ?= 600
SEED ?= 0
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help env repro own folds test torture mend ui compare app real results systems ablations bench boxes films \
	derived release docs compose lint format clean

help: ## this list
	@sed -nE 's/^([a-z]+):[^#]*## (.*)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

env: $(READY) ## the environment, in .venv

$(READY): requirements.txt versions.txt constraints.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

repro: compose mend pretrained/landmarks.pt ## environment, params.yaml, the whole pipeline on the drawn demo data
	dvc repro
	@git diff --quiet -- dvc.lock metrics || echo "dvc.lock and metrics/ differ from the commit: by what you changed," \
	    "or by the kind of processor. git commit makes them your baseline (docs/pipeline.md)"

pretrained/landmarks.pt: pretrained/landmarks.pt.dvc | $(READY) # dvc checkout and dvc exp apply ask for them
	dvc pull --quiet --remote shipped -R pretrained
	touch $@

own: $(READY) ## your own annotated faces, DATA=folder (none: an example); OWN='own.train.epochs=50', or other values
	python -m keypoints.own $(if $(DATA),'$(DATA)') $(OWN)
	dvc pull --quiet --remote shipped pretrained/landmarks.pt.dvc
	dvc repro evaluate@own render@own collection@own

folds: $(READY) ## after `make own`: its figures by cross-validation, mean and spread
	python -m keypoints.reports.folds own

test: $(READY) ## environment, the tests (they run the whole demo pipeline once, in a copy)
	python -m pytest

ui: $(READY) ## MLflow's page with all runs, on this computer; UI='--port 5001'
	python -m keypoints.tracking.ui $(UI)

compare: $(READY) ## what was changed and what it did; RUNS='HEAD workspace EXPERIMENT --parts nose'
	python -m keypoints.reports.compare $(RUNS)

torture: $(READY) ## damaged files on all that reads files, and kills; SECONDS=600 SEED=0
	python -m tests.torture --seconds $(SECONDS) --seed $(SEED)

app: $(READY) ## the page: pictures in, points out; APP='--port 8080 --weights FILE'
	python -m keypoints.app $(APP)

compose: $(READY) ## params.yaml from conf/
	python -m keypoints.compose

mend: $(READY) ## what a killed run left: DVC's lock files cut short, temporary files
	python -m keypoints.mend

real: $(READY) ## the pipeline on the real data sets; KEYPOINTS_MIRROR=folder is searched first
	python -m keypoints.compose profile=real faces=best glance=best
	dvc repro

results: $(READY) ## what the last run gave, into results/<profile>; SCORER=kaggle_score.py scores the Kaggle list
	python -m keypoints.reports.run_report $(addprefix --scorer ,$(wildcard $(SCORER)))

systems: $(READY) ## every option on the real data, one table; resumes; SYSTEMS='--only nose face', '--no-imagenet'
	python -m keypoints.reports.systems $(SYSTEMS) $(addprefix --scorer ,$(wildcard $(SCORER)))

ablations: $(READY) ## one ingredient at a time, on the real data: results/ablations.md; ABLATIONS='--only no_flip'
	python -m keypoints.reports.ablations $(ABLATIONS)

bench: $(READY) ## how fast it is here, as ratios: preparation, training, memory, pipeline, prediction (after `make repro`)
	python bench/preparation.py
	python bench/training.py
	python bench/memory.py
	python bench/pipeline.py
	python bench/predict.py

boxes: $(READY) ## what wrong boxes cost, on the real data: results/boxes.md
	python -m keypoints.reports.box_study

films: $(READY) ## how steadily faces are followed, on drawn films: results/films.md; FILMS='--python PYTHON' for others
	python -m keypoints.reports.film_study $(FILMS)

derived: $(READY) ## poses of drawn faces, and how confidence tells the error on real ones: results/derived.md
	python -m keypoints.reports.derived

release: $(READY) ## weights of the real run into pretrained/, with cards; PARTS="face nose": these; CARDS=1: only the cards
	python -m keypoints.reports.release $(PARTS) $(if $(CARDS),--cards)

docs: $(READY) ## the README's pictures, from the demo's outputs and the shipped weights
	python docs/demo.py
	python docs/photo.py

lint: $(READY) ## ruff and mypy
	ruff check .
	ruff format --check .
	mypy

format: $(READY) ## what ruff can fix by itself
	ruff check --fix .
	ruff format .

clean: ## remove .venv
	rm -rf $(VENV)
