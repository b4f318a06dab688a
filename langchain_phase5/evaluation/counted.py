"""Numbers of things, for people."""


def counted(number: int, noun: str) -> str:
    """Write `1 example`, `2 examples`.

    Example:
        >>> counted(1, "example"), counted(1_200, "example")
        ('1 example', '1200 examples')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
