"""Who is one person: ids that were merged, by whichever district and heard in whatever order.

Every service that keeps something under a `person_id` reads merges by these, so all of them agree.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date

from contracts.transfers import Person


def join(pairs: Iterable[Collection[str]]) -> dict[str, frozenset[str]]:
    """Give for each id all ids that it hangs together with."""
    together: dict[str, set[str]] = {}
    for pair in pairs:
        joined = set(pair).union(*(together.get(one, ()) for one in pair))
        together.update(dict.fromkeys(joined, joined))
    return {one: frozenset(joined) for one, joined in together.items()}


def ever_linked(records: Iterable[Person]) -> dict[str, frozenset[str]]:
    """Give for each id all that it was ever merged with, undone or not: this only ever grows."""
    return join({record.person_id, *record.linked, *_merge(record)} for record in records)


def one_person(records: Iterable[Person]) -> dict[str, frozenset[str]]:
    """Give for each id that stands merged all ids of the one person."""
    return join({record.person_id, *_merge(record)} for record in records if record.merged_into)


def goes_on(ids: Collection[str], records: Iterable[Person]) -> str:
    """Give the id that a person goes on as: the one merged into nobody; where merges contradict, the lowest."""
    aliases = {record.person_id for record in records if record.merged_into}
    return min(set(ids) - aliases or ids)


def deaths(records: Collection[Person]) -> Mapping[str, date]:
    """Give for each id of a person who died the day; where districts say different days, the first."""
    ids = one_person(records)
    died: dict[str, date] = {}
    for record in records:
        if record.died_on is not None:
            for one in ids.get(record.person_id, (record.person_id,)):
                died[one] = min(record.died_on, died.get(one, record.died_on))
    return died


def _merge(record: Person) -> tuple[str, ...]:
    return (record.merged_into,) if record.merged_into else ()
