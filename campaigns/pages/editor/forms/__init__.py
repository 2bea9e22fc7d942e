"""The forms of the editor, a module a step."""

from campaigns.pages.editor.forms.base import (
    NewForm,
    StepForm,
    has_journey,
    has_variants,
    launched_step,
    step_of,
)
from campaigns.pages.editor.forms.what import WhatForm
from campaigns.pages.editor.forms.when import DEFAULT_WINDOW, WhenForm, goal_events, in_days
from campaigns.pages.editor.forms.who import WhoForm

FORMS: dict[str, type[StepForm]] = {"who": WhoForm, "what": WhatForm, "when": WhenForm}
__all__ = [
    "DEFAULT_WINDOW",
    "FORMS",
    "NewForm",
    "StepForm",
    "WhatForm",
    "WhenForm",
    "WhoForm",
    "goal_events",
    "has_journey",
    "has_variants",
    "in_days",
    "launched_step",
    "step_of",
]
