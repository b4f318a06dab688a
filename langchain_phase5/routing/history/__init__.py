"""What past calls teach: who answered questions like this one, and who fails."""

from langchain_phase5.routing.history.outcome_index import OutcomeIndex
from langchain_phase5.routing.history.rank_calibration import RankCalibration
from langchain_phase5.routing.history.tool_history import ToolHistory

__all__ = ["OutcomeIndex", "RankCalibration", "ToolHistory"]
