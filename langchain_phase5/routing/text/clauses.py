"""Split a question that asks for several things."""

import re

_MAX_CLAUSES = 16
_MIN_WORDS = 3
_CAN_BEGIN = r"(?=[ ,]+[aflmnptAFLMNPT]|\b[aflmnptAFLMNPT])"  # spares most places the search below
_BOUNDARY = re.compile(
    r"(?<=[.!?;\u3002\uff01\uff1f\uff1b]) ?"
    r"|"
    + _CAN_BEGIN
    + r"(?i:(?: ?(?:,|\band\b|\bthen\b))? ?\b(?:and then|then|also|finally|after that"
    r"|afterwards|additionally|next|as well as|lastly|furthermore|moreover|plus)\b,? "
    r"|, ?and "
    r"|\band (?=(?:[a-z]+ ){1,3}(?:the|a|an|my|me|it|how|what)\b))"
)


def clauses(question: str) -> list[str]:
    """Find the parts of a question that could each need a tool of its own; none if it is one part.

    Example:
        >>> clauses("Book a room in Oslo. Then find me a good restaurant nearby.")
        ['Book a room in Oslo', 'find me a good restaurant nearby']
    """
    one_line = " ".join(question.split())
    parts = (part.strip(" ,.") for part in _BOUNDARY.split(one_line) if part)
    found = list(dict.fromkeys(part for part in parts if len(part.split()) >= _MIN_WORDS))
    return found[:_MAX_CLAUSES] if len(found) > 1 else []
