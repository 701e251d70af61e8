"""HTTP in: whether institutions did what plans demand of them in a year, why, and what must still happen when."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from contracts.outreach.institutions import InstitutionKind
from services.outreach.api.dependencies import IdInPath, Reader, StreetCursor, next_cursor
from services.outreach.commands.institutions import UnknownInstitutionError, find_institution
from services.outreach.domain.boards import Gap
from services.outreach.domain.compliance import (
    RULES,
    Done,
    Due,
    Rule,
    Shape,
    State,
    Subject,
    Verdict,
    Window,
    judge,
    still_due,
)
from services.outreach.views.compliance import find_done
from services.outreach.views.institutions import list_institutions
from services.runtime.parameters import Division, ServiceHere
from services.runtime.problems import refuses

router = APIRouter(tags=["compliance"])

YearInQuery = Annotated[int, Query(ge=2000, le=2099)]
FewInstitutions = Annotated[int, Query(ge=1, le=100)]


class Standing(BaseModel):
    """How an institution stands with a rule: how many of how many there were, and how often it was too long without."""

    rule: str
    subject: Subject
    shape: Shape
    state: State
    wanted: int
    counted: int
    gaps: int


class DueShown(BaseModel):
    """What must still happen by a day: so many more of what a rule looks at."""

    by: date
    rule: str
    number: int


class InstitutionStanding(BaseModel):
    """How an institution stands with the rules for its kind, and what must still happen, the nearest first."""

    institution_id: str
    street: str
    kind: InstitutionKind
    title: str
    standings: list[Standing]
    due: list[DueShown]


class CompliancePage(BaseModel):
    """Institutions of a division as of a day, and the cursor of the next page, if there is one."""

    as_of: date
    institutions: list[InstitutionStanding]
    cursor: str | None


class Explained(BaseModel):
    """How an institution stands with a rule, and why.

    `windows` are the parts of the year that are counted, `gaps` the times that were too long, `due` what must still
    happen; what counted is told, and what did not with the reason.
    """

    rule: Rule
    state: State
    windows: list[Window]
    gaps: list[Gap]
    due: list[Due]
    counted: list[Done]
    not_counted: list[Done]


class ExplainedInstitution(BaseModel):
    """How an institution stands with each rule for its kind in a year, explained, as of a day."""

    institution_id: str
    as_of: date
    rules: list[Explained]


@router.get("/compliance/rules", summary="What plans demand of institutions")
async def get_rules(_: Reader) -> list[Rule]:
    """List the rules by kind of institution: counts and longest gaps, with edition and source."""
    return list(RULES)


@router.get(
    "/compliance",
    summary="Whether institutions do what plans demand 达标情况",
    responses=refuses(outside_your_division=403),
)
async def get_compliance(
    service: ServiceHere,
    caller: Reader,
    division: Division,
    year: YearInQuery,
    kind: InstitutionKind | None = None,
    cursor: StreetCursor = "",
    limit: FewInstitutions = 50,
) -> CompliancePage:
    """List the institutions of a division by street, each with how it stands with the rules for its kind in a year."""
    caller.must_cover(division)
    found = await list_institutions(service.database, service.areas(division), kind, cursor, limit)
    done = await find_done(service.database, [one.institution_id for one in found], year, service.today)
    shown = [
        InstitutionStanding(
            institution_id=one.institution_id,
            street=one.street,
            kind=one.kind,
            title=one.title,
            standings=[_standing(verdict) for verdict in verdicts],
            due=[DueShown(by=by, rule=rule, number=number) for by, rule, number in still_due(verdicts)],
        )
        for one in found
        for verdicts in [judge(one, year, *done[one.institution_id], service.today)]
    ]
    after = next_cursor(found, limit, "street", "institution_id")
    return CompliancePage(as_of=service.today, institutions=shown, cursor=after)


@router.get(
    "/institutions/{institution_id}/compliance",
    summary="Why an institution stands so",
    responses=refuses(UnknownInstitutionError),
)
async def get_explained(
    institution_id: IdInPath, service: ServiceHere, caller: Reader, year: YearInQuery
) -> ExplainedInstitution:
    """Explain each rule: what counted, what did not and why, which times were too long, what must still happen."""
    institution = await find_institution(service, institution_id)
    if institution is None or not caller.covers(institution.street):
        raise UnknownInstitutionError
    done = await find_done(service.database, [institution_id], year, service.today)
    verdicts = judge(institution, year, *done[institution_id], service.today)
    rules = [Explained.model_validate(verdict, from_attributes=True) for verdict in verdicts]
    return ExplainedInstitution(institution_id=institution_id, as_of=service.today, rules=rules)


def _standing(verdict: Verdict) -> Standing:
    return Standing(
        rule=verdict.rule.rule,
        subject=verdict.rule.subject,
        shape=verdict.rule.shape,
        state=verdict.state,
        wanted=sum(window.wanted for window in verdict.windows),
        counted=len(verdict.counted) if verdict.rule.shape is Shape.GAP else sum(w.counted for w in verdict.windows),
        gaps=len(verdict.gaps),
    )
