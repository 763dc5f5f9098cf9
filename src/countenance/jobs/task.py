"""What a task and a job are: what is to be done, and for whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

KEY_LENGTH = 64


@dataclass(frozen=True)
class Task:
    """One piece of work, named by its content: the same key means the same result, for whoever asks."""

    key: str  # at most 64 characters
    kind: str  # "perceive", "paint", ...: workers know functions by it
    queue: str  # "cpu", "gpu" or any name: who may take it
    about: str  # a few words for people
    needs: tuple[str, ...] = ()  # keys of tasks that must be done before
    spec: Mapping[str, Any] = field(default_factory=dict)  # JSON, small: hashes and names, never media
    variant: str = ""  # for logs, and to finish one variant before the next is begun
    cost_s: float = 1.0  # estimated processor seconds
    patience_s: float = 0.0  # for so long a failure that may pass is tried again; 0: a few attempts
    retry_s: float = 60.0  # the longest pause between two tries
    version: int = 1  # of the kind's meaning; workers that do not know it leave the task alone

    @property
    def skill(self) -> str:
        """The name by which workers know this task's function: the kind, from version 2 on as "paint@2"."""
        return self.kind if self.version == 1 else f"{self.kind}@{self.version}"


@dataclass(frozen=True)
class Job:
    """What somebody asked for: the tasks that it wants, which other jobs may want as well."""

    id: str  # at most 64 characters; the same id is the same job
    campaign: str
    owner: str
    request: Mapping[str, Any]  # JSON, for whoever reads the job later
    priority: int = 0  # each step up doubles the share of the machines
    deadline: datetime | None = None
    budget_s: float | None = None  # processor seconds after which it stands still until somebody resumes it
