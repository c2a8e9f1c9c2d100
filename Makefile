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
.PHONY: help env repro test torture mend app real results systems boxes release docs compose lint format clean

help: ## this list
	@sed -nE 's/^([a-z]+):[^#]*## (.*)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

env: $(READY) ## the environment, in .venv

$(READY): requirements.txt versions.txt constraints.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

repro: compose mend ## environment, params.yaml, the whole pipeline on the drawn demo data
	dvc repro

test: $(READY) ## environment, the tests (they run the whole demo pipeline once, in a copy)
	python -m pytest

torture: $(READY) ## damaged files on all that reads files, and kills; SECONDS=600 SEED=0
	python -m tests.torture --seconds $(SECONDS) --seed $(SEED)

app: $(READY) ## the page: pictures in, points out; APP='--port 8080 --weights FILE'
	python -m keypoints.app $(APP)

compose: $(READY) ## params.yaml from conf/
	python -m keypoints.compose

mend: $(READY) ## what a killed run left: DVC's lock files cut short, temporary files
	python -m keypoints.mend

real: $(READY) ## the pipeline on the real data sets; KEYPOINTS_MIRROR=folder is searched first
	python -m keypoints.compose profile=real
	dvc repro

results: $(READY) ## what the last run gave, into results/<profile>; SCORER=kaggle_score.py scores the Kaggle list
	python -m keypoints.reports.run_report $(addprefix --scorer ,$(wildcard $(SCORER)))

systems: $(READY) ## every option on the real data, one table; resumes; SYSTEMS='--only nose face', '--no-imagenet'
	python -m keypoints.reports.systems $(SYSTEMS) $(addprefix --scorer ,$(wildcard $(SCORER)))

boxes: $(READY) ## what wrong boxes cost, on the real data: results/boxes.md
	python -m keypoints.reports.box_study

release: $(READY) ## the weights of the real run, into pretrained/, with their cards
	python -m keypoints.reports.release

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
