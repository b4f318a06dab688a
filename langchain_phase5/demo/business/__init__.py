"""The tools of Ridgeline, an online shop for bicycles and outdoor gear, for the offline demo.

More than a hundred small tools in fifteen departments, with a handful of records behind them.
They need no network, no disk and no clock (it is always 2026-11-16), and the same call on a fresh
company always gives the same answer.
"""

from langchain_phase5.demo.business.company import Company
from langchain_phase5.demo.business.toolbox import all_tools

__all__ = ["Company", "all_tools"]
