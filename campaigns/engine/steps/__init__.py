"""The kinds of step, a file each; a new one is found by itself."""

from campaigns.engine.steps.base import STEPS, StepBatch, StepKind, kind_of, rules_of, step_kind

__all__ = ["STEPS", "StepBatch", "StepKind", "kind_of", "rules_of", "sign_in", "step_kind"]


def sign_in() -> None:
    """Import each of them, so that it registers."""
    from importlib import import_module  # noqa: PLC0415
    from pkgutil import iter_modules  # noqa: PLC0415

    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
