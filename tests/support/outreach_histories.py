"""Histories of what outreach says: activities, boards, institutions, materials, messages."""

from hypothesis import strategies as st

from contracts.envelope import Fact
from contracts.outreach.activities import (
    Activity,
    ActivityEvaluated,
    ActivityHeld,
    ActivityKind,
    ActivityPlanned,
    ActivityState,
    Audience,
    Evaluation,
    EvidenceFiled,
)
from contracts.outreach.boards import (
    Board,
    BoardInstalled,
    BoardIssue,
    BoardIssuePhotographed,
    BoardIssuePosted,
    BoardRemoved,
    BoardSetting,
    board_id,
    issue_id,
)
from contracts.outreach.evidence import Evidence, EvidenceItem
from contracts.outreach.files import FileKind, StoredFile
from contracts.outreach.honours import Honour, HonourAwarded, HonourKind, HonourWithdrawn, honour_id
from contracts.outreach.institutions import (
    Institution,
    InstitutionClosed,
    InstitutionCorrected,
    InstitutionKind,
    InstitutionRegistered,
    institution_id,
)
from contracts.outreach.materials import (
    Direction,
    Material,
    MaterialKind,
    MaterialListed,
    MaterialReceived,
    Movement,
    MovementRecorded,
    material_id,
    movement_id,
)
from contracts.outreach.messages import (
    MESSAGE_FACTS,
    MessageRequested,
    Preference,
    PreferenceStated,
    TemplateRetired,
    TemplateSaved,
    Topic,
)
from contracts.outreach.prescriptions import (
    Prescription,
    PrescriptionGiven,
    PrescriptionSetting,
    PrescriptionUse,
    PrescriptionUseCounted,
    PrescriptionWithdrawn,
    WithdrawalReason,
    prescription_id,
    use_id,
)
from contracts.outreach.year_plans import YearPlanAdjusted, YearPlanAdopted
from services.outreach.domain.sign_ins import sign_in
from services.outreach.domain.year_plans import draft
from tests.support.facts import (
    FIRST_DAY,
    PEOPLE,
    STREETS,
    EventList,
    envelop,
)
from tests.support.letters import make_message, make_template


@st.composite
def activity_histories(draw: st.DrawFn) -> EventList:
    """Make activities that are planned, and some of them held."""
    events: EventList = []
    for number in range(draw(st.integers(0, 3))):
        planned = Activity(
            activity_id=f"activity-{number}",
            street=draw(st.sampled_from(STREETS)),
            kind=draw(st.sampled_from(ActivityKind)),
            topic="高血压",
            audience=draw(st.sampled_from(Audience)),
            planned_on=FIRST_DAY,
        )
        held = planned.model_copy(update={"state": ActivityState.HELD, "held_on": FIRST_DAY, "attendance": 31})
        facts: list[Fact] = [ActivityPlanned(activity=planned)]
        facts += [ActivityHeld(activity=held), *draw(_after(held))] if draw(st.booleans()) else []
        events += envelop(facts, "outreach")
        for person in draw(st.lists(st.sampled_from((*PEOPLE, None)), max_size=2, unique=True)):
            came = sign_in(planned, person or "phone", person, FIRST_DAY, FIRST_DAY, 0)
            events += envelop([came], "outreach")
    return events


@st.composite
def board_histories(draw: st.DrawFn) -> EventList:
    """Make a board that is put up and changed, and perhaps taken down."""
    if not draw(st.booleans()):
        return []
    street = draw(st.sampled_from(STREETS))
    board = Board(
        board_id=board_id(street, "门口"),
        street=street,
        place="门口",
        setting=draw(st.sampled_from(BoardSetting)),
        area=2.4,
        edition="street_2021",
        installed_on=FIRST_DAY,
    )
    facts: list[Fact] = [BoardInstalled(board=board)]
    if draw(st.booleans()):
        facts.append(BoardRemoved(board=board.model_copy(update={"removed_on": FIRST_DAY})))
    events = envelop(facts, "outreach")
    for number in range(1, draw(st.integers(1, 3))):
        named = {"issue_id": issue_id(board.board_id, number), "board_id": board.board_id, "street": street}
        posted = BoardIssue(**named, issue=number, theme="结核病防治", changed_on=FIRST_DAY)
        shown = posted.model_copy(update={"photo_id": "4" * 32})
        events += envelop([BoardIssuePosted(issue=posted), BoardIssuePhotographed(issue=shown)], "outreach")
    return events


@st.composite
def messaging_histories(draw: st.DrawFn) -> EventList:
    """Make messages and what became of them, a template, and what somebody told about messages."""
    saved, retired = TemplateSaved(template=make_template()), TemplateRetired(template=make_template(retired=True))
    events = envelop([saved, retired] if draw(st.booleans()) else [saved], "outreach")
    for number in range(draw(st.integers(0, 3))):
        message = make_message(f"{number:032x}", street=draw(st.sampled_from(STREETS)))
        kinds = draw(st.lists(st.sampled_from(MESSAGE_FACTS[1:]), max_size=4))
        facts: list[Fact] = [MessageRequested(message=message)]
        facts += [kind(message=message.model_copy(update={"attempts": turn})) for turn, kind in enumerate(kinds)]
        events += envelop(facts, "outreach")
    preferences = [
        Preference(person_id=PEOPLE[0], street=STREETS[0], refused=refused)
        for refused in draw(st.lists(st.sampled_from(((), (Topic.ACTIVITY,))), max_size=3))
    ]
    events += envelop([PreferenceStated(preference=one) for one in preferences], "outreach")
    return events


@st.composite
def institution_histories(draw: st.DrawFn) -> EventList:
    """Make a school that is registered, and perhaps corrected and closed."""
    street, kind = draw(st.sampled_from(STREETS)), InstitutionKind.SCHOOL
    school = Institution(
        institution_id=institution_id(street, kind, "采莲小学"),
        street=street,
        kind=kind,
        title="采莲小学",
        opened_on=FIRST_DAY,
    )
    joined = school.model_copy(update={"joined_on": FIRST_DAY})
    closed = joined.model_copy(update={"closed_on": FIRST_DAY})
    facts: list[Fact] = [
        InstitutionRegistered(institution=school),
        InstitutionCorrected(institution=joined),
        InstitutionClosed(institution=closed),
    ]
    return envelop(facts[: draw(st.integers(0, 3))], "outreach")


@st.composite
def prescription_histories(draw: st.DrawFn) -> EventList:
    """Make prescriptions, some of which are withdrawn, and how much a hospital used them in a month."""
    events: EventList = []
    for person in draw(st.lists(st.sampled_from(PEOPLE), max_size=2, unique=True)):
        street = draw(st.sampled_from(STREETS))
        given = Prescription(
            prescription_id=prescription_id(street, person, "合理膳食", FIRST_DAY),
            street=street,
            person_id=person,
            topic="合理膳食",
            given_on=FIRST_DAY,
            setting=PrescriptionSetting.WARD,
            given_by="nurse",
        )
        facts: list[Fact] = [PrescriptionGiven(prescription=given)]
        if draw(st.booleans()):
            withdrawn = given.model_copy(update={"withdrawn": WithdrawalReason.NOT_GIVEN})
            facts.append(PrescriptionWithdrawn(prescription=withdrawn))
        events += envelop(facts, "outreach")
    known = use_id("5" * 32, PrescriptionSetting.WARD, "2026-02")
    counted: list[Fact] = [
        PrescriptionUseCounted(
            use=PrescriptionUse(
                use_id=known,
                street=STREETS[0],
                institution_id="5" * 32,
                setting=PrescriptionSetting.WARD,
                month="2026-02",
                patients=100,
                given=given_to,
            )
        )
        for given_to in draw(st.lists(st.integers(0, 100), max_size=2, unique=True))
    ]
    return events + envelop(counted, "outreach")


@st.composite
def honour_histories(draw: st.DrawFn) -> EventList:
    """Make a household that is honoured, and perhaps no longer deserves it."""
    kind = HonourKind.HAPPY_FAMILY
    honour = Honour(
        honour_id=honour_id("f" * 32, kind, FIRST_DAY),
        street=draw(st.sampled_from(STREETS)),
        kind=kind,
        household_id="f" * 32,
        awarded_on=FIRST_DAY,
    )
    withdrawn = HonourWithdrawn(honour=honour.model_copy(update={"withdrawn_on": FIRST_DAY}))
    facts = [HonourAwarded(honour=honour), withdrawn]
    return envelop(facts[: draw(st.integers(0, 2))], "outreach")


@st.composite
def plan_histories(draw: st.DrawFn) -> EventList:
    """Make a street's year plan that is drafted, and perhaps adjusted and adopted."""
    drafted = draft(draw(st.sampled_from(STREETS)), None, FIRST_DAY.year)
    adjusted = drafted.plan.model_copy(update={"items": drafted.plan.items[:3]})
    adopted = adjusted.model_copy(update={"adopted_on": FIRST_DAY})
    facts = [drafted, YearPlanAdjusted(plan=adjusted), YearPlanAdopted(plan=adopted)]
    return envelop(facts[: draw(st.integers(0, 3))], "outreach")


@st.composite
def material_histories(draw: st.DrawFn) -> EventList:
    """Make a handbook of which copies come in and go out, each with its movement."""
    street, kind = draw(st.sampled_from(STREETS)), MaterialKind.HANDBOOK
    material = Material(
        material_id=material_id(street, None, kind, "核心信息", "2026"),
        street=street,
        kind=kind,
        topic="核心信息",
        edition="2026",
    )
    facts: list[Fact] = [MaterialListed(material=material)]
    moved: list[Fact] = []
    for number, quantity in enumerate(draw(st.lists(st.integers(1, 9), max_size=3))):
        movement = Movement(
            movement_id=movement_id(material.material_id, str(number)),
            material_id=material.material_id,
            street=street,
            kind=kind,
            direction=Direction.RECEIVED,
            quantity=quantity,
            moved_on=FIRST_DAY,
        )
        changed = {"received": material.received + quantity, "last": movement}
        material = material.model_copy(update=changed)
        facts.append(MaterialReceived(material=material))
        moved.append(MovementRecorded(movement=movement))
    return [*envelop(facts, "outreach"), *(event for one in moved for event in envelop([one], "outreach"))]


@st.composite
def _after(draw: st.DrawFn, held: Activity) -> list[Fact]:
    """Make what may follow on an activity's being held: a photo, and its evaluation."""
    file = StoredFile(file_id="f" * 32, kind=FileKind.PICTURE, size=1, sha256="0" * 64, thumbnail=True)
    filed = held.model_copy(update={"evidence": (Evidence(item=EvidenceItem.PHOTO, file=file),)})
    asked = Evaluation(evaluated_on=FIRST_DAY, asked=20, satisfied=19)
    evaluated = filed.model_copy(update={"state": ActivityState.EVALUATED, "evaluation": asked})
    facts: list[Fact] = [EvidenceFiled(activity=filed), ActivityEvaluated(activity=evaluated)]
    return facts[: draw(st.integers(0, 2))]
