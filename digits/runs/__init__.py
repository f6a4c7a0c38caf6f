"""What a run leaves in its folder."""

from digits.runs.folder import (
    BACKENDS,
    MODEL_SUFFIXES,
    TITLES,
    Run,
    has_run,
    labels_name,
    load_run,
    model_name,
    preds_name,
    probs_name,
    record_name,
    require_writable,
    save_run,
)

__all__ = [
    "BACKENDS",
    "MODEL_SUFFIXES",
    "TITLES",
    "Run",
    "has_run",
    "labels_name",
    "load_run",
    "model_name",
    "preds_name",
    "probs_name",
    "record_name",
    "require_writable",
    "save_run",
]
