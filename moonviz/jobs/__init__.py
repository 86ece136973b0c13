"""Work that pages hand to other processes: submit a job, read its messages, cancel it. No torch here.

A page keeps a job's id and the number of the next message it wants:

    job = engine.submit(Run(spec=spec), tab)
    for message in engine.messages(job, start): ...
    if engine.final(job) is not None: ...   # stop polling
"""

from moonviz.jobs.admission import Limits
from moonviz.jobs.client import LocalEngine
from moonviz.jobs.engine import AnyJob, AnyMessage, Engine, Final
from moonviz.jobs.messages import (
    FINAL,
    Cancelled,
    Check,
    Describe,
    Estimate,
    Failed,
    Lost,
    Peaks,
    Points,
    Precision,
    Probe,
    ProbeLayer,
    Queued,
    ResultMessage,
    Run,
    StageMessage,
    Steps,
    Sweep,
    Train,
    Walk,
)

__all__ = [
    "FINAL",
    "AnyJob",
    "AnyMessage",
    "Cancelled",
    "Check",
    "Describe",
    "Engine",
    "Estimate",
    "Failed",
    "Final",
    "Limits",
    "LocalEngine",
    "Lost",
    "Peaks",
    "Points",
    "Precision",
    "Probe",
    "ProbeLayer",
    "Queued",
    "ResultMessage",
    "Run",
    "StageMessage",
    "Steps",
    "Sweep",
    "Train",
    "Walk",
]
