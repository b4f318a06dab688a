"""How OCR is scored here: character error rate, word F1, CPU time, and intervals."""

import re
import resource
import unicodedata
from collections import Counter
from collections.abc import Sequence

import numpy as np
from rapidfuzz.distance import Levenshtein

_FOLDED = {
    **dict.fromkeys((0x201C, 0x201D, 0x201E), '"'),
    **dict.fromkeys((0x2018, 0x2019), "'"),
    **dict.fromkeys((0x2010, 0x2013, 0x2014), "-"),
    ord("|"): "I",
    0xAD: "",  # soft hyphen
}


def normalized(text: str) -> str:
    """Fold typography, join words that were hyphenated at line ends, collapse white space."""
    text = unicodedata.normalize("NFKC", text).translate(_FOLDED)
    text = re.sub(r"-{2,}", "-", text)
    text = re.sub(r"(\w)-\s*\n\s*(\w)", r"\1\2", text)
    return re.sub(r"\s+", " ", text).strip()


def character_error_rate(expected: str, found: str) -> float:
    """Edits per character of the expected text."""
    expected = normalized(expected)
    return Levenshtein.distance(expected, normalized(found)) / max(1, len(expected))


def word_f1(expected: str, found: str) -> float:
    """F1 over words in any order, for pictures whose reading order is a matter of taste."""
    a, b = _words(expected), _words(found)
    common = sum((a & b).values())
    return 2 * common / max(1, sum(a.values()) + sum(b.values()))


def _words(text: str) -> Counter[str]:
    return Counter(re.findall(r"[\w.,:/$%&@#-]*\w[\w%]*", normalized(text).lower()))


def cpu_seconds() -> float:
    """CPU time of this process and of the programs it started."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def with_interval(values: Sequence[float]) -> str:
    """Mean and 95 % interval by bootstrap over pages."""
    data = np.asarray(values)
    picks = np.random.default_rng(0).integers(0, len(data), (2000, len(data)))
    low, high = np.percentile(data[picks].mean(axis=1), [2.5, 97.5])
    return f"{data.mean():.4f} [{low:.4f}, {high:.4f}]"
