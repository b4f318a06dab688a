"""Leave out of a question what names one thing only."""

import re

_RUN = re.compile(r"[\w-]+")
_DIGIT = re.compile(r"\d")
_MIN_DIGITS_WITH_LETTERS = 3
_MIN_DIGITS_ALONE = 5


def without_identifiers(question: str) -> str:
    """Take out order numbers and the like, if something is left.

    Two questions about the same order need not need the same tool, yet the number that they share
    makes them alike, in meaning as in words. Dates, times and amounts stay: that there is one says
    what kind of question it is.

    Example:
        >>> without_identifiers("Where is A-1004, due on 3 May, for customer 7120934?")
        'Where is , due on 3 May, for customer ?'
    """
    if not _DIGIT.search(question):  # as in most questions
        return question
    left = _RUN.sub(lambda run: "" if _is_identifier(run.group()) else run.group(), question)
    return left if _RUN.search(left) else question


def _is_identifier(run: str) -> bool:
    digits = sum(map(str.isdigit, run))
    if digits == len(run):
        return digits >= _MIN_DIGITS_ALONE
    return digits >= _MIN_DIGITS_WITH_LETTERS and any(map(str.isalpha, run))
