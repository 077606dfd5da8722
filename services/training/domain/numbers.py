"""Numbers of certificates: ``TN-26-7H2K9QXM-4F``.

Year, eight digits of base 32 (Crockford's alphabet: no I, L, O, U) and two check characters by ISO/IEC 7064 MOD 1271-36
(letters and digits, two check characters), which finds every wrong character and every two that changed places.
"""

from __future__ import annotations

import re

from shared.decider import Rejected

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RANDOM_BITS = 40
MODULUS, RADIX = 1271, 36

_FORM = re.compile(rf"TN([0-9]{{2}})([{ALPHABET}]{{8}})([0-9A-Z]{{2}})")


def number(year: int, chosen: int) -> str:
    """The number of that year with these ``RANDOM_BITS`` bits."""
    body = "".join(ALPHABET[(chosen >> shift) & 31] for shift in range(RANDOM_BITS - 5, -1, -5))
    head = f"TN{year % 100:02}{body}"
    return f"TN-{head[2:4]}-{body}-{_check(head)}"


def checked(text: str) -> str:
    """The number as it is printed; capitals, spaces and hyphens do not matter. Raises ``Rejected``."""
    form = _FORM.fullmatch(re.sub(r"[\s-]", "", text).upper())
    if form is None:
        raise Rejected("not-a-certificate-number", "/number", form="TN-26-XXXXXXXX-XX")
    printed = f"TN-{form[1]}-{form[2]}-{form[3]}"
    if _value(form[0]) % MODULUS != 1:
        raise Rejected("wrong-check-digits", "/number", number=printed)
    return printed


def _check(head: str) -> str:
    rest = (1 - _value(head) * RADIX**2) % MODULUS
    return DIGITS[rest // RADIX] + DIGITS[rest % RADIX]


def _value(text: str) -> int:
    return int(text, RADIX)
