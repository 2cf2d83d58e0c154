"""What a licence asks of whoever passes an image on, and the list that says it of everything in one.

Decides four kinds, by the licence's name, and by Debian's word: what its area main has may be passed on by anybody
(debian.org/social_contract), and the source is the most that it asks for. The image is its owner's own, in a private
repository: nothing here forbids to run it, and so nothing fails the build. The list says first what stands against
giving it to somebody else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum

from delivery.image.contents import Part


class Kind(StrEnum):
    """In the order of the list: what asks most comes first."""

    PROPRIETARY = "must not be passed on"
    UNKNOWN = "must not be passed on before somebody has found out what the licence asks"
    COPYLEFT = "goes with its source, or an offer of it, under the same licence"
    PERMISSIVE = "goes with its licence and copyright notices"


_PROPRIETARY = re.compile(r"proprietary|LicenseRef-IB|Oracle", re.IGNORECASE)
_COPYLEFT = re.compile(
    r"\b[AL]?GPL|\bGFDL|\bFDL\b|\bMPL|\bEPL|\bCDDL|\bEUPL|\bSSPL|General Public|Mozilla|CC-BY-SA|Sleepycat|copyleft",
    re.IGNORECASE,
)
_PERMISSIVE = re.compile(
    r"\bMIT|\bExpat|\bBSD|\b0BSD|\bApache|\bISC\b|\bISCL\b|\bzlib|\bPSF|\bPython\b|\bCNRI|public[- ]domain|\bX11|"
    r"\bHPND|\bUnlicense|\bCC0|\bCC-BY-\d|\bBSL-1|\bBoost|\bArtistic|\bOpenSSL|\bCurl|\bFTL|\bFreetype|\bUnicode|\bNTP|"
    r"\bBitstream|\bDejaVu|\bZPL|\bPermissive|\bPD\b|\bSSLeay|\bICU|\bTCL|\bBeerware",
    re.IGNORECASE,
)


def kind_of(licence: str) -> Kind:
    """Of several joined by OR the recipient may take the mildest; joined otherwise all of them hold."""
    choices = re.split(r"\s+or\s+(?!later)", licence, flags=re.IGNORECASE)
    return max((_strictest(choice) for choice in choices), key=list(Kind).index)


def _strictest(choice: str) -> Kind:
    return min(
        (_kind_of_one(each) for each in re.split(r"\s+and\s+|,", choice, flags=re.IGNORECASE)),
        key=list(Kind).index,
    )


def _kind_of_one(name: str) -> Kind:
    for kind, words in (
        (Kind.PROPRIETARY, _PROPRIETARY),
        (Kind.COPYLEFT, _COPYLEFT),
        (Kind.PERMISSIVE, _PERMISSIVE),
    ):
        if words.search(name):
            return kind
    return Kind.UNKNOWN


def kind_of_part(part: Part) -> Kind:
    """A part under several licences has the strictest of them."""
    kinds = [kind_of(name) for name in part.licences] or [Kind.UNKNOWN]
    if part.debian_main:
        kinds = [Kind.COPYLEFT if kind is Kind.UNKNOWN else kind for kind in kinds]
    return min(kinds, key=list(Kind).index)


def unknown(parts: Iterable[Part]) -> tuple[Part, ...]:
    return tuple(part for part in parts if kind_of_part(part) is Kind.UNKNOWN)


def list_of(title: str, parts: Sequence[Part]) -> str:
    """Plain text: a section a kind, a line a part. The same parts make the same text."""
    lines = [
        f"Licences in {title}",
        "",
        "The image is for its owner's own use, which none of these forbids. What follows is about passing it on.",
    ]
    for kind in Kind:
        of = sorted((part for part in parts if kind_of_part(part) is kind), key=lambda part: part.purl)
        if of:
            lines += ["", f"{kind[0].upper()}{kind[1:]} ({len(of)}):"]
            lines += [f"  {part.name} {part.version}: {_told(part)}" for part in of]
    return "\n".join(lines) + "\n"


def _told(part: Part) -> str:
    return ", ".join(part.licences) or f"stated in words only; see {part.look}"
