"""`{% story as story %}`: the story card's content on Home, None outside the demo."""

from __future__ import annotations

from typing import Any

from django import template

from config.demo import story as stories

register = template.Library()


@register.simple_tag(takes_context=True)
def story(context: dict[str, Any]) -> stories.Story | None:
    """For the user of this request."""
    return stories.story(context["request"].user)
