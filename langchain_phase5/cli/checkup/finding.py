"""What the doctor found out about one thing."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line of the doctor's table.

    Attributes:
        area: The group it is shown in.
        name: What was looked at.
        state: `ok`; `absent`, which is something optional that is not there; or `broken`, which is
            something that is there and will not work.
        detail: What was found. Never a secret.
        fix: The one line that changes it, or nothing.
    """

    area: str
    name: str
    state: Literal["ok", "absent", "broken"]
    detail: str = ""
    fix: str = ""
