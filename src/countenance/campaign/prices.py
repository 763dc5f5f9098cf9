"""What a second, a gigabyte and a person's minute cost: the project's own [prices], else the product's."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from importlib.resources import files
from typing import Any

from countenance.errors import InputError
from countenance.store.places import storage_settings
from countenance.store.project import Project


@dataclass(frozen=True)
class Prices:
    """`gb` is for a month; a review takes `review_minutes` and the time that the variant plays."""

    currency: str
    cpu_second: float
    gpu_second: float
    gb: float
    review_minute: float
    review_minutes: float

    def of(self, cpu_s: float, gpu_s: float = 0.0, kept_gb: float = 0.0, review_min: float = 0.0) -> float:
        """Money for all of it together."""
        work = cpu_s * self.cpu_second + gpu_s * self.gpu_second
        return work + kept_gb * self.gb + review_min * self.review_minute


def prices_of(project: Project) -> Prices:
    """The prices that hold for a project; InputError for what is no price."""
    usual = tomllib.loads(files("countenance.campaign").joinpath("prices.toml").read_text(encoding="utf-8"))
    own = storage_settings(project).get("prices", {})
    where = f"[prices] in {project.settings_path}"
    if not isinstance(own, dict) or (unknown := sorted(set(own) - {one.name for one in fields(Prices)})):
        known = ", ".join(one.name for one in fields(Prices))
        raise InputError(f"{where} must hold nothing but {known}; correct {', '.join(unknown) if own else 'it'}.")
    return Prices(**{name: _price(where, name, value) for name, value in {**usual, **own}.items()})


def _price(where: str, name: str, value: Any) -> Any:
    if name == "currency" and isinstance(value, str) and value.strip():
        return value
    if name != "currency" and isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e9:
        return float(value)
    raise InputError(f"{where}: '{name}' is {value!r}; write {'a currency' if name == 'currency' else 'a number'}.")
