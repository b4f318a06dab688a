"""What the offline reader says when it does not know."""


class UnreadableChartError(ValueError):
    """The picture is no chart that can be read surely without a model; `reason` says why.

    The reader raises this rather than guess: a wrong number is worse than none.
    """

    def __init__(self, reason: str) -> None:
        """Keeps the reason and says what to do.

        Args:
            reason: What was missing or uncertain.
        """
        self.reason = reason
        super().__init__(
            f"The chart cannot be read surely without a model: {reason}. "
            "Ask a model (VisionAnalyzer with a model, or analyze_image), or give a clean, "
            "larger picture of a bar, line, scatter or pie chart."
        )
