"""What `rig explain` says of a claim is what its experiment does."""

from __future__ import annotations

import importlib
import pkgutil

from rig import experiments
from rig.claims import CLAIMS, FACTORS

ARRAYS = {
    module.EXPERIMENT.id: module.FACTORS
    for info in pkgutil.iter_modules(experiments.__path__)
    if hasattr(module := importlib.import_module(f"rig.experiments.{info.name}"), "FACTORS")
}


def test_the_factors_of_each_array_are_told_and_no_others() -> None:
    told = {claim.experiment: set(claim.factors) for claim in CLAIMS.values() if claim.factors}
    assert told == {experiment: set(factors) for experiment, factors in ARRAYS.items()}


def test_each_factor_has_words() -> None:
    assert {name for claim in CLAIMS.values() for name in claim.factors} == FACTORS.keys()
