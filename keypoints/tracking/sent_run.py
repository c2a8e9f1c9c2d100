"""One run as MLflow has it: found again or created, and filled by the events of a journal."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keypoints.tracking import card, names
from keypoints.tracking.journal import Event
from keypoints.tracking.runs import EPOCHS, FIGURES
from keypoints.tracking.store import Store

if TYPE_CHECKING:
    from mlflow.entities import Run


@dataclass
class SentRun:
    """A run in a store, and what its journal said of it at the beginning."""

    store: Store
    run_id: str
    facts: Event
    ended: bool = False
    epochs: int = 0  # how many the run had before this journal
    figures: dict[str, float] = field(default_factory=dict)

    @classmethod
    def begin(cls, store: Store, facts: Event) -> SentRun:
        """The run of these facts: one that is there goes on, else a new one."""
        facts = facts | {"digest": digest(facts["settings"])}
        found = find_trained(store, facts) if facts["kind"] == "training" else find_measured(store, facts)
        if found:
            run = cls(store, found.info.run_id, facts)
            if facts["kind"] == "training":
                run.epochs = run.last_epoch()
                store.client.update_run(run.run_id, status="RUNNING", name=names.run_name(facts))
                run.tag(names.tags(facts))
            return run
        return cls.create(store, facts)

    @classmethod
    def create(cls, store: Store, facts: Event) -> SentRun:
        name, tags = names.run_name(facts), names.tags(facts)
        made = store.client.create_run(store.experiment, facts["time"], tags, name)
        run = cls(store, made.info.run_id, facts)
        run.parameters(facts["settings"])
        run.dataset()
        if facts["kind"] != "training":
            run.inherit()
        run.tag({"mlflow.note.content": card.note(run.facts, store.experiment, run.run_id, {})})
        return run

    def inherit(self) -> None:
        """Take over the curves of a training that another run, or none, reports."""
        source = next(iter(self.store.search(f"tags.weights = '{self.facts['weights']}'")), None)
        said = (
            f"trained by run {source.info.run_id}"
            if source
            else "from DVC's run-cache, trained by no run here"
        )
        self.tag({"weights": self.facts["weights"], "weights_from": said})
        for row in self.facts["history"]:
            self.metrics({f"{EPOCHS}/{key}": row[key] for key in row if key != "epoch"}, int(row["epoch"]))

    def take(self, event: Event, folder: Path) -> None:
        """Do what an event says; `folder` holds the files that it names."""
        client, kind = self.store.client, event["event"]
        if kind == "metrics":
            if not 0 < event["step"] <= self.epochs:  # a killed training went on from an earlier checkpoint
                self.metrics(event["values"], event["step"], event["time"])
        elif kind == "tags":
            self.tag(event["values"])
        elif kind == "pictures":
            client.log_artifacts(self.run_id, str(folder / event["name"]), "pictures")
            page = card.write(folder / card.FILE, self.facts, self.figures, folder / event["name"])
            client.log_artifact(self.run_id, str(page))
        elif kind == "model":
            self.model(folder / event["name"])
        elif kind == "end":
            client.set_terminated(self.run_id, event["status"], event["time"])
            self.ended = True

    def close(self) -> None:
        """The journal is at its end: a training that did not say so was killed."""
        if not self.ended and self.facts["kind"] == "training":
            self.store.client.set_terminated(self.run_id, "KILLED")

    def tag(self, tags: dict[str, str]) -> None:
        from mlflow.entities import RunTag

        self.store.client.log_batch(self.run_id, tags=[RunTag(key, value) for key, value in tags.items()])

    def parameters(self, settings: dict[str, Any]) -> None:
        from mlflow.entities import Param

        self.store.client.log_batch(
            self.run_id, params=[Param(key, str(value)) for key, value in settings.items()]
        )

    def metrics(self, values: dict[str, float], step: int, time: int | None = None) -> None:
        """Log figures; final ones also belong to the run's model, and into its description."""
        from mlflow.entities import Metric

        final = {key: value for key, value in values.items() if key.startswith(f"{FIGURES}/")}
        model = self.model_id() if final else None
        when = time or self.facts["time"] or self.store.client.get_run(self.run_id).info.start_time
        rows = [Metric(key, value, when, step, model_id=model) for key, value in values.items()]
        self.store.client.log_batch(self.run_id, rows)
        if final:
            self.figures |= final
            text = card.note(self.facts, self.store.experiment, self.run_id, self.figures)
            self.tag({"mlflow.note.content": text})

    def dataset(self) -> None:
        """Say what the run learned from."""
        from mlflow.entities import Dataset, DatasetInput, InputTag

        facts = self.facts
        source = json.dumps({"uri": facts["tensors"]})
        profile = json.dumps(facts["splits"])
        data = Dataset(
            f"{facts['dataset']} {facts['profile']}", facts["data"], "local", source, None, profile
        )
        context = [InputTag("mlflow.data.context", "training")]
        self.store.client.log_inputs(self.run_id, [DatasetInput(data, context)])

    def last_epoch(self) -> int:
        """The last epoch that the run has figures of, counted from 1; 0 for none."""
        losses = self.store.client.get_metric_history(self.run_id, f"{EPOCHS}/train_loss")
        return max((loss.step for loss in losses), default=0)

    def model_id(self) -> str | None:
        """The id of the run's logged model, if it has one."""
        outputs = self.store.client.get_run(self.run_id).outputs
        return outputs.model_outputs[0].model_id if outputs and outputs.model_outputs else None

    def prepare(self) -> None:
        """Import what a model needs, if one will be made: that takes seconds, while the stage still works."""
        if self.model_id() is None:
            for module in ("mlflow.pyfunc", "keypoints.export.mlflow_package", "keypoints.predict.predictor"):
                import_module(module)

    def model(self, weights: Path) -> None:
        """Make an MLflow model of the weights, once."""
        if self.model_id() is None:
            from keypoints.export import mlflow_package
            from keypoints.models.trained import Trained

            mlflow_package.log(Trained.load(weights), weights, self.store, self.run_id)


def find_trained(store: Store, facts: Event) -> Run | None:
    """A run of this very training: of the same experiment, unfinished, or whose outputs DVC did not save."""
    same = f"tags.fingerprint = '{facts['fingerprint']}' and tags.settings = '{facts['digest']}'"
    for run in store.search(f"{same} and attributes.status != 'FAILED'"):
        unsaved = run.info.status != "FINISHED" or f"{FIGURES}/nme" not in run.data.metrics
        if unsaved or run.data.tags.get("dvc_experiment", "") == facts["experiment"]:
            return run
    return None


def find_measured(store: Store, facts: Event) -> Run | None:
    """The run of these weights, settings and DVC experiment; outside experiments, of any."""
    same = store.search(f"tags.weights = '{facts['weights']}' and tags.settings = '{facts['digest']}'")
    found = {run.data.tags.get("dvc_experiment", ""): run for run in reversed(same)}
    any_run = None if facts["experiment"] else next(iter(found.values()), None)
    return found.get(facts["experiment"], any_run)


def digest(settings: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:12]
