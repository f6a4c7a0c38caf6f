"""What a run leaves in its folder: predictions, labels, probabilities, the model, and the record of how it was made."""

from digits.runs.folder import (
    Run,
    exported_name,
    has_run,
    labels_name,
    load_run,
    model_name,
    preds_name,
    probs_name,
    record_name,
    save_record,
    save_run,
)
from digits.runs.record import RunRecord

__all__ = [
    "Run",
    "RunRecord",
    "exported_name",
    "has_run",
    "labels_name",
    "load_run",
    "model_name",
    "preds_name",
    "probs_name",
    "record_name",
    "save_record",
    "save_run",
]
