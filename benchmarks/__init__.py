"""Figures that are measured, not tested: speed, memory, the schedule, the fit of relevance."""
