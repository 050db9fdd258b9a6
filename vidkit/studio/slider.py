"""Sliders that say their name also to who does not see them."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets

NAMES = """<style onload="{
  const panel = this.closest('.vidkit');
  const name = () => [...panel.querySelectorAll('.vidkit-slider')].every(slider => {
    const handle = slider.querySelector('[role=slider]');
    handle?.setAttribute('aria-label', slider.querySelector('.widget-label').textContent);
    return handle });
  if (panel && !name()) new MutationObserver((_, watch) => name() && watch.disconnect())
    .observe(panel, {childList: true, subtree: true}); }">.vidkit { }</style>"""
"""Gives each slider its label as its name: the label that stands before it is not bound to it.
Sliders are drawn some time after this is, so it waits for them, and no longer."""


def seconds_slider(name: str, value: float, most: float) -> widgets.FloatSlider:
    """Seconds from 0 to `most`, or more where `value` is more."""
    top = max(most, 2 * value)
    return _made(widgets.FloatSlider, name, value, min=0, max=top, step=0.5, readout_format=".1f")


def count_slider(name: str, value: int, most: int) -> widgets.IntSlider:
    """A whole number from 1 to `most`, or more where `value` is more."""
    return _made(widgets.IntSlider, name, value, min=1, max=max(most, value))


def limit_slider(name: str, value: float | None, most: int) -> widgets.FloatSlider:
    """A limit up to `most`, or more where `value` is more; at 0 there is none."""
    top = max(most, 2 * (value or 0))
    named, value = f"{name} (0: no limit)", value or 0.0
    return _made(widgets.FloatSlider, named, value, min=0, max=top, step=5, readout_format=".0f")


def _made(kind: Any, name: str, value: Any, **how: Any) -> Any:
    slider = kind(value=value, description=name, style={"description_width": "19em"}, **how)
    slider.add_class("vidkit-slider")
    return slider
