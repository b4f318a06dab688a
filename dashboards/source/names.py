"""Identifiers that several dashboards use."""

OVERVIEW = "phase5-overview"
AGENTS = "phase5-agents"
TOOLS = "phase5-tools"
COSTS = "phase5-costs"

AGENT = 'agent_type=~"$agent_type"'
TOOL = 'tool_name=~"$tool_name"'
MODEL = 'model=~"$model"'

DECIDED = 'status=~"success|error"'
"""Runs that say whether the agent works: the others were cancelled, paused or handed off."""
