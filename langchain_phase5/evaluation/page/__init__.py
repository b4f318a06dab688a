"""The HTML report: one self-contained page."""

from langchain_phase5.evaluation.page.render import render_page

__all__ = ["render_page"]
