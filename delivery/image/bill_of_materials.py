"""Writes the bill of materials of an image as CycloneDX 1.6 JSON, held against the official schema before it is kept.

Decides the shape alone: what is in the image is found out by image_contents.py. The same parts from the same commit
make the same bytes: the serial number is derived from them, and the time is the commit's, or is left out. (The
library's own classes put in the present time; its schema and its list of SPDX names are what is used of it.)
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.spdx import fixup_id, is_expression

from delivery.console.refusal import Refusal
from delivery.image.contents import Part
from delivery.image.provenance import Provenance

SCHEMA = SchemaVersion.V1_6


def written(image: str, provenance: Provenance, parts: Sequence[Part]) -> str:
    """Refusal where what comes out is not what the schema asks."""
    # It builds grammars when it is imported, which takes longer than all else that a session starts with.
    from cyclonedx.validation.json import JsonStrictValidator

    container: dict[str, Any] = {
        "type": "container",
        "bom-ref": image,
        "name": image,
        "version": provenance.version,
    }
    if provenance.revision:
        container["properties"] = [
            {"name": "org.opencontainers.image.revision", "value": provenance.revision}
        ]
    metadata: dict[str, Any] = {"component": container}
    if provenance.time:
        metadata["timestamp"] = provenance.time.isoformat()
    bill = {
        "$schema": f"http://cyclonedx.org/schema/bom-{SCHEMA.to_version()}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": SCHEMA.to_version(),
        "serialNumber": uuid.uuid5(uuid.NAMESPACE_URL, repr((image, provenance, tuple(parts)))).urn,
        "version": 1,
        "metadata": metadata,
        "components": [_component(part) for part in parts],
        "dependencies": [{"ref": image, "dependsOn": sorted(part.purl for part in parts)}],
    }
    text = json.dumps(bill, indent=2, ensure_ascii=False) + "\n"
    if error := JsonStrictValidator(SCHEMA).validate_str(text):
        raise Refusal(
            f"the bill of materials is not valid CycloneDX {SCHEMA.to_version()}: {error}; mend"
            " delivery/image/bill_of_materials.py"
        )
    return text


def _component(part: Part) -> dict[str, Any]:
    component: dict[str, Any] = {
        "type": part.kind,
        "bom-ref": part.purl,
        "name": part.name,
        "version": part.version,
        "purl": part.purl,
    }
    if part.licences:
        component["licenses"] = _licences(part.licences)
    if part.sha256:
        component["hashes"] = [{"alg": "SHA-256", "content": part.sha256}]
    if part.url:
        component["externalReferences"] = [{"type": "distribution", "url": part.url}]
    return component


def _licences(names: Sequence[str]) -> list[dict[str, Any]]:
    """The schema takes SPDX's own identifiers, any other text as a name, and an expression only where it is alone."""
    [first, *more] = names
    if not more and fixup_id(first) is None and is_expression(first):
        return [{"expression": first, "acknowledgement": "declared"}]
    return [{"license": {**_licence(name), "acknowledgement": "declared"}} for name in names]


def _licence(name: str) -> dict[str, str]:
    identifier = fixup_id(name)
    return {"id": identifier} if identifier else {"name": name}
