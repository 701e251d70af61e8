"""The data value set of a sealed report, as reporting gives it, under the codes of a DHIS2."""

from typing import Any

import httpx

from deploy.integrators.dhis2.mapping import Mapping, code_of

Json = dict[str, Any]


class NothingSealedError(Exception):
    """No edition of the report is sealed."""


def fetch(client: httpx.Client, report: str, edition: int | None, *, published: bool) -> Json:
    """Return the data value set of an edition; without one of the newest that is sealed, for which a role is needed."""
    if edition is None:
        found = client.get(f"/reports/{report}").raise_for_status().json()
        sealed = [one["edition"] for one in found["editions"] if one["files"]]
        if not sealed:
            raise NothingSealedError
        edition = sealed[-1]
    kind = "published" if published else "files"
    written: Json = client.get(f"/reports/{report}/editions/{edition}/{kind}/dhis2").raise_for_status().json()
    return written


def rename(mapping: Mapping, written: Json) -> Json:
    """Return a data value set under the codes of a DHIS2, without what is left out there."""
    values = [
        {**value, "dataElement": element, "orgUnit": unit}
        for value in written["dataValues"]
        if (element := code_of(mapping.data_elements, value["dataElement"]))
        and (unit := code_of(mapping.org_units, value["orgUnit"]))
    ]
    unit = code_of(mapping.org_units, written["orgUnit"])
    data_set = code_of(mapping.data_sets, written["dataSet"])
    renamed = {**written, "dataSet": data_set, "orgUnit": unit, "dataValues": values}
    return {name: value for name, value in renamed.items() if value is not None}
