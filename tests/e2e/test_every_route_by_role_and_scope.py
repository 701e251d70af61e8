"""Every route that the OpenAPI documents list, by every role and scope, about what another place keeps.

It is refused, the answer is that for what does not exist, and nothing is recorded. A new route is tried by itself.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import cycle
from typing import Any

import httpx
import pytest
import pytest_asyncio

from deploy.local.stack import Stack
from services.runtime.access import EVERYWHERE, Role, issue
from tests.support.crowding import begin_to_watch, crowd, find_greedy
from tests.support.instance import SERVICES, Instance, eventually, running_instance
from tests.support.offices import make_arrival
from tests.support.pictures import photo
from tests.support.routes import QUESTIONNAIRE, READING, SURVEY, Route, Things, routes_of, send
from tests.support.subscriptions import ASKED, EVERYTHING

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
OWN, SIBLING, OTHER = "320507001", "320507002", "320812008"
VILLAGE = f"{OWN}001"
BESIDE = {OWN: "320507003", SIBLING: "320507004", OTHER: "320812009"}
"""Another street of each place's district, for what concerns two streets."""
NO_SCOPES = ("3", "320", "32050", "3205071", "32050701", "3205070010", "32050700100", "3205070010010", "３２０５０７")
REFUSED = {401, 403, 404}
CHANGING = re.compile(r'\d{4}-\d\d-\d\dT[\d:.]+Z|"head":\{[^}]*\}')
"""What differs when the same is asked again: when it was asked, and the log of it."""
LOOKED_THROUGH = {"registration GET /duplicates"}
"""Where all that is kept is looked through for what is near: of a pair it is not kept where its people live."""
NOTHING = (b"[]", b'{"contacts":[]}', b'{"identities":[]}')
"""What is answered where nothing is found."""
GHOSTS = {
    "activity_id": "7" * 32,
    "board_id": "7" * 32,
    "case_id": "7" * 32,
    "code": "9" * 17,
    "conflict_id": "7" * 32,
    "document_number": make_arrival(880)["document_number"],
    "educator_id": "7" * 32,
    "entry_id": "7" * 32,
    "export_id": "7" * 32,
    "figure_id": "7" * 32,
    "exposure_id": "7" * 32,
    "file_id": "7" * 32,
    "finding_id": "7" * 32,
    "honour_id": "7" * 32,
    "household_id": "7" * 32,
    "hazard_training_id": "7" * 32,
    "import_id": "7" * 32,
    "institution_id": "7" * 32,
    "into": "8" * 32,
    "issue_id": "7" * 32,
    "material_id": "7" * 32,
    "notice_id": "7" * 32,
    "parked_id": "7" * 32,
    "people": ["8" * 32, "9" * 32],
    "person_id": "9" * 32,
    "plan_id": "7" * 32,
    "prescription_id": "7" * 32,
    "questionnaire_id": "7" * 32,
    "report_id": "7" * 32,
    "request_id": "7" * 32,
    "room_id": "7" * 32,
    "sha256": "7" * 64,
    "stay_id": "7" * 32,
    "subscription_id": "7" * 32,
    "supervision_id": "7" * 32,
    "survey_id": "7" * 32,
    "target_id": "7" * 32,
    "template_id": "7" * 32,
    "training_id": "7" * 32,
    "visit_id": "7" * 32,
}
"""What exists nowhere, in the shape of what does."""


@dataclass
class Deployment:
    """Every service at work, what there is in each place, and tokens."""

    instance: Instance
    places: Mapping[str, Mapping[str, Things]]
    """What there is by street and service."""

    tokens: dict[tuple[str, str], str] = field(default_factory=dict)

    def token(self, role: str, scope: str) -> str:
        """Return the token of a role and scope, the same each time: to sign one takes as long as many requests."""
        if (role, scope) not in self.tokens:
            self.tokens[role, scope] = issue(
                self.instance.stack.issuer_jwk(),
                services=self.instance.apps,
                subject=f"tester/{role}/{scope}",
                role=role,
                division=scope,
            )
        return self.tokens[role, scope]

    def door(self, service: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=self.instance.apps[service], raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url=f"http://{service}", timeout=60)

    def routes(self, service: str) -> Sequence[Route]:
        return [route for route in routes_of(service, self.instance.apps[service].openapi()) if route.guarded]

    async def recorded(self) -> dict[str, int]:
        """Return how many documents each collection has, but for the log and for what MongoDB forgets by itself."""
        return {
            f"{service}.{name}": await database[name].count_documents({})
            for service, database in self.instance.databases.items()
            for name in await database.list_collection_names()
            if name != "access_log"
            and not any("expireAfterSeconds" in index for index in (await database[name].index_information()).values())
        }


class Place:
    """Makes one thing of each kind in a street, as its clerks and health workers would."""

    def __init__(self, instance: Instance, street: str, number: int) -> None:
        self.instance, self.street, self.number = instance, street, number
        self.ids: dict[str, Any] = dict(GHOSTS)

    async def ask(self, service: str, role: str, path: str, scope: str = "", **asked: Any) -> httpx.Response:
        async with self.instance.client(service, role, scope or self.street, "resident clerk") as client:
            answer = await client.request("POST" if asked.keys() & {"json", "files"} else "GET", path, **asked)
        assert answer.status_code < 300, (path, answer.text)
        return answer

    async def arrive(
        self, order: int, street: str = "", on: str = "2026-03-01", family: str = "李", **report: str
    ) -> dict[str, Any]:
        typed = make_arrival(
            50 * self.number + order, on, name=f"{family}{'甲乙丙'[self.number]}", phone=f"1381234567{self.number}"
        )
        body = {**typed, "street": street or self.street, **report}
        arrived: dict[str, Any] = (
            await self.ask("registration", "clerk", "/arrivals", street or self.street, json=body)
        ).json()
        stays = self.instance.database("registration")["stays"]
        await eventually(lambda: stays.find_one({"_id": arrived["stay_id"]}))
        return {**arrived, "document_number": typed["document_number"]}

    async def archived(self, person: str) -> None:
        archives = self.instance.database("archives")["archives"]
        await eventually(lambda: archives.find_one({"_id": f"{person}@{self.street[:6]}"}))

    async def register(self) -> None:
        """Let people arrive, one of them after a death and two who look like one; ask about somebody elsewhere.

        One looks like nobody, so that nothing else happens to that one.
        """
        resident = await self.arrive(9, family="欧阳", relationship="户主")
        self.resident = resident["person_id"]
        lives = await self.ask("registration", "clerk", f"/stays/{resident['stay_id']}")
        self.ids["household_id"] = lives.json()["stay"]["household_id"]
        somebody, *alike = [await self.arrive(order) for order in (1, 3, 5)]
        self.ids |= {name: somebody[name] for name in ("person_id", "stay_id", "document_number")}
        self.ids |= {"into": alike[0]["person_id"]}
        question = {"street": self.street, "addressee": BESIDE[self.street], "person_id": somebody["person_id"]}
        notice = await self.ask("registration", "clerk", "/inquiries", json=question)
        self.ids["notice_id"] = notice.json()["notice_id"]
        dead = await self.arrive(7)
        died = {"died_on": "2026-05-01"}
        await self.ask("registration", "clerk", f"/people/{dead['person_id']}/death", json=died)
        await self.arrive(7, on="2026-06-01")

        async def listed(what: str) -> Any:
            page = await self.ask("registration", "clerk", f"/{what}", params={"division": self.street})
            return page.json()[what]

        async def others_alike() -> Any:
            """Return a pair of people to whom nothing else happens in this test."""
            pairs = [[one["person_id"] for one in pair["people"]] for pair in await listed("duplicates")]
            return next((pair for pair in pairs if not {somebody["person_id"], self.ids["into"]} & set(pair)), None)

        self.ids["people"] = await eventually(others_alike)
        self.ids["conflict_id"] = (await eventually(lambda: listed("conflicts")))[0]["conflict_id"]

    async def keep_archive(self) -> None:
        """Complete the archive, enrol its person, enter a strange reading, and export the street."""
        archive = f"/archives/{self.ids['person_id']}"
        await self.archived(self.ids["person_id"])
        at = {"street": self.street}
        completed = await self.ask(
            "archives", "health_worker", f"{archive}/completion", json={**at, "committee": "003", "basic": {}}
        )
        enrolled = {**at, "condition": "hypertension", "enrolled_on": "2026-04-01"}
        await self.ask("archives", "health_worker", f"{archive}/enrolments", json=enrolled)
        strange = {**at, "measured_at": "2026-10-01T02:00:00Z", "content": {**READING, "systolic": 299}}
        entry = await self.ask("archives", "health_worker", f"{archive}/entries", json=strange)
        self.ids |= {"code": completed.json()["code"], "entry_id": entry.json()["entry_id"]}

        async def found() -> Any:
            page = await self.ask("archives", "supervisor", "/findings", params={"division": self.street})
            return page.json()["people"]

        self.ids["finding_id"] = (await eventually(found))[0]["findings"][0]["id"]
        exported = await self.ask("archives", "supervisor", "/archives/export", params={"division": self.street})
        self.ids["export_id"] = exported.headers["houniao-export"]
        code = {"code": self.ids["code"]}
        await eventually(lambda: self.instance.database("archives")["archives"].find_one(code))

    async def put_up(self) -> None:
        """Plan an activity with evidence, put a board up, list a material, register an institution."""
        await self.work("/activities", "activity_id", kind="lecture", topic="高血压防治", planned_on="2026-12-01")
        stands = {"place": "社区门口", "setting": "outdoors", "area": 2, "installed_on": "2026-01-05"}
        await self.work("/boards", "board_id", **stands)
        posted = {"issue": 1, "theme": "结核病防治", "changed_on": "2026-02-01"}
        at = f"/boards/{self.ids['board_id']}/issues"
        issue = await self.ask("outreach", "health_worker", at, json=posted)
        self.ids["issue_id"] = issue.json()["issue_id"]
        photographed = {"file": ("board.jpg", photo())}
        await self.ask("outreach", "health_worker", f"/board-issues/{self.ids['issue_id']}/photo", files=photographed)
        printed = {"street": self.street, "kind": "handbook", "topic": "核心信息", "edition": "2026"}
        listed = await self.ask("outreach", "health_worker", "/materials", json=printed)
        self.ids["material_id"] = listed.json()["material"]["material_id"]
        school = {"kind": "school", "title": "采莲小学", "opened_on": "2019-09-01"}
        await self.work("/institutions", "institution_id", **school)
        notice = {"file": ("notice.jpg", photo())}
        at = f"/activities/{self.ids['activity_id']}/evidence"
        filed = await self.ask("outreach", "health_worker", at, files=notice, data={"item": "notice"})
        self.ids["file_id"] = filed.json()["files"][0]["file"]["file_id"]

    async def teach_and_care(self) -> None:
        """Let somebody teach, be cared for, work with noise and get a prescription; honour and plan."""
        await self.work("/educators", "educator_id", kind="lecturer", staff="edu-007", joined_on="2026-01-05")
        residents = self.instance.database("outreach")["residents"]
        await eventually(lambda: residents.find_one({"person_id": self.resident}))
        cared = {"street": self.street, "person_id": self.resident, "need": "hardship", "opened_on": "2026-10-01"}
        case = await self.ask("outreach", "health_worker", "/care-cases", json=cared)
        self.ids["case_id"] = case.json()["case"]["case_id"]
        visits = f"/care-cases/{self.ids['case_id']}/visits"
        seen = {"visited_on": "2026-10-02", "visited_by": "edu-007"}
        visited = await self.ask("outreach", "health_worker", visits, json=seen)
        self.ids["visit_id"] = visited.json()["case"]["visits"][0]["visit_id"]
        told = {"topic": "健康素养", "held_on": "2026-10-02", "hours": 2, "participants": ["edu-008"]}
        await self.work("/trainings", "training_id", kind="pre_job", **told)
        await self.work("/exposures", "exposure_id", person_id=self.resident, hazard="noise", since="2026-04-01")
        trainings = f"/exposures/{self.ids['exposure_id']}/trainings"
        held = {"kind": "yearly", "held_on": "2026-05-01", "hours": 2}
        trained = await self.ask("outreach", "health_worker", trainings, json=held)
        self.ids["hazard_training_id"] = trained.json()["trainings"][0]["training_id"]
        talks = {"institution_id": self.ids["institution_id"], "opened_on": "2020-09-01", "hours_per_week": 10}
        room = await self.ask("outreach", "health_worker", "/counselling-rooms", json=talks)
        self.ids["room_id"] = room.json()["room_id"]
        given = {"topic": "合理膳食", "given_on": "2026-06-02", "setting": "home"}
        await self.work("/prescriptions", "prescription_id", **given, person_id=self.ids["person_id"])
        honoured = {"kind": "smoke_free", "awarded_on": "2026-03-01"}
        await self.work("/honours", "honour_id", **honoured, institution_id=self.ids["institution_id"])
        await self.work("/year-plans", "plan_id", year=2027)

    async def work(self, path: str, name: str, **body: Any) -> None:
        """Ask outreach for something of the street as a health worker, and keep its id."""
        made = await self.ask("outreach", "health_worker", path, json={"street": self.street, **body})
        self.ids[name] = made.json()[name]

    async def make(self) -> dict[str, Things]:
        await self.register()
        await self.keep_archive()
        await self.put_up()
        await self.teach_and_care()
        await self.write_to_people()
        await self.ask_people()
        await self.report()
        await self.subscribe()
        await self.set_targets()
        bundle = (await self.ask("archives", "health_worker", f"/archives/{self.ids['person_id']}/fhir")).content
        imports = {
            "registration": await self.hand_in("registration", "clerk", "姓名,证件号码,到达日期\n甲,1,2026-01-01\n"),
            "archives": await self.hand_in(
                "archives", "health_worker", "人员编号,随访日期,血压\n1,2026-01-01,120/80\n"
            ),
            "outreach": await self.hand_in(
                "outreach", "health_worker", "报送日期,稿件标题\n2025-13-01,控烟\n", kind="articles"
            ),
            "reporting": await self.hand_in(
                "reporting", "supervisor", "年份,项目,数值,数据来源\n1,1,1,1\n", division=self.street, kind="figures"
            ),
        }
        own: dict[str, dict[str, Any]] = {service: {} for service in SERVICES}
        own |= {service: {"import_id": import_id} for service, import_id in imports.items()}
        own["outreach"] |= {"person_id": self.resident}
        own["reporting"] |= {"finding_id": self.own_finding}
        ids = {"import_id": GHOSTS["import_id"], **self.ids}
        return {service: Things(self.street, {**ids, **own[service]}, bundle) for service in SERVICES}

    async def set_targets(self) -> None:
        """Set a target for the street, and record a yearly figure of it."""
        at = {"division": self.street}
        wanted = {**at, "plan": "街道2021", "indicator": "archive_rate", "since": "2026-01-01", "value": 0.85}
        target = await self.ask("reporting", "supervisor", "/targets", json=wanted)
        told = {**at, "year": 2025, "kind": "population", "value": 51234, "origin": "统计年鉴"}
        figure = await self.ask("reporting", "supervisor", "/figures", json=told)
        wrong = {"text": "宣传栏未按期更换", "due_on": "2026-04-01"}
        visited = {"street": self.street, "kind": "quarterly", "visited_on": "2026-03-02", "supervised_by": ["edu-014"]}
        visit = await self.ask("reporting", "supervisor", "/supervisions", json={**visited, "findings": [wrong]})
        self.ids["supervision_id"] = visit.json()["supervision_id"]
        self.own_finding = visit.json()["findings"][0]["finding_id"]
        self.ids |= {"target_id": target.json()["target_id"], "figure_id": figure.json()["figure_id"]}

    async def write_to_people(self) -> None:
        """Ask for a message to people of the street."""
        text = {"language": "zh", "body": "请来随访。"}
        saved = {"owner": self.street, "topic": "follow_up", "texts": [text]}
        template = await self.ask("outreach", "supervisor", "/message-templates", json=saved)
        self.ids["template_id"] = template.json()["template_id"]
        asked = {"division": self.street, "channel": "local", "template_id": self.ids["template_id"]}
        people = {"people": [self.ids["person_id"]]}
        requested = await self.ask("outreach", "health_worker", "/messages", json={**asked, **people})
        self.ids["request_id"] = requested.json()["request_id"]

    async def ask_people(self) -> None:
        """Publish a questionnaire of the street, and open a survey by it."""
        questionnaire = {"owner": self.street, **QUESTIONNAIRE}
        published = await self.ask("outreach", "supervisor", "/questionnaires", json=questionnaire)
        self.ids["questionnaire_id"] = published.json()["questionnaire_id"]
        survey = {"street": self.street, "questionnaire_id": self.ids["questionnaire_id"], **SURVEY}
        opened = await self.ask("outreach", "health_worker", "/surveys", json=survey)
        self.ids["survey_id"] = opened.json()["survey_id"]

    async def subscribe(self) -> None:
        """Ask for the feed of the district, as a system of each of its streets, and have it delivered."""
        told = {**ASKED, **EVERYTHING, "district": self.street[:6]}
        async with self.instance.client("feeds", "integrator", self.street[:6], f"system/{self.street}") as system:
            asked = await system.post("/subscriptions", json=told)
            named = asked.json()["subscription_id"]
            await self.ask("feeds", "district", f"/subscriptions/{named}/approval", self.street[:6], json=EVERYTHING)
            made = await system.post(f"/subscriptions/{named}/webhook", json={"url": "https://hooks.invalid/"})
            assert made.status_code == 201, made.text
        self.ids["subscription_id"] = named

    async def report(self) -> None:
        """Draft and sign the street's report of a month until it is sealed."""
        asked = {"template": "monthly_flow", "division": self.street, "period": "2026-10"}
        report = (await self.ask("reporting", "clerk", "/reports", json=asked)).json()
        for step, role in (("review", "supervisor"), ("approval", "district"), ("seal", "district")):
            body = {"sha256": report["editions"][0]["content"]}
            async with self.instance.client("reporting", role, self.street, f"{step} {role}") as client:
                answer = await client.post(f"/reports/{report['report_id']}/{step}", json=body)
            report = answer.raise_for_status().json()
        self.ids |= {"report_id": report["report_id"], "sha256": report["editions"][0]["files"][0]["sha256"]}
        sealed = {"_id": report["report_id"], "state": "sealed"}
        await eventually(lambda: self.instance.database("reporting")["reports"].find_one(sealed))

    async def hand_in(self, service: str, role: str, text: str, **more: str) -> str:
        sheet = {"file": ("a.csv", text.encode())}
        handed_in = await self.ask(service, role, "/imports", files=sheet, data={"street": self.street, **more})
        import_id: str = handed_in.json()["import_id"]

        async def done() -> bool:
            progress = await self.ask(service, role, f"/imports/{import_id}")
            return bool(progress.json()["state"] == "done")

        await eventually(done)
        return import_id


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def houniao(stack: Stack) -> AsyncIterator[Deployment]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOUNIAO_STREAM_SECONDS", "0.1")  # no answer is waited for
        async with deployed(stack) as deployment:
            yield deployment


@asynccontextmanager
async def deployed(stack: Stack) -> AsyncIterator[Deployment]:
    """Run every service, with things in each place, until the block ends."""
    async with running_instance(stack, clock=lambda: NOW) as instance:
        made = await asyncio.gather(*(Place(instance, street, number).make() for number, street in enumerate(BESIDE)))
        await rebuild(instance)
        deployment = Deployment(instance, dict(zip(BESIDE, made, strict=True)))
        await wait_until_quiet(deployment)
        yield deployment


async def rebuild(instance: Instance) -> None:
    """Count everybody anew, which is of no place."""
    async with instance.client("reporting", "admin", "") as client:
        begun = (await client.post("/rebuilds")).raise_for_status().json()
    ended = {"_id": begun["rebuild_id"], "ended_at": {"$ne": None}}
    await eventually(lambda: instance.database("reporting")["builds"].find_one(ended))


async def wait_until_quiet(deployment: Deployment) -> None:
    """Wait until everything that was recorded was sent, and nothing was added to a view between two looks."""
    seen: list[dict[str, int]] = []
    databases = deployment.instance.databases.values()

    async def quiet() -> bool:
        unsent = [await database["journal"].count_documents({"sent_at": None}, limit=1) for database in databases]
        seen.append(await deployment.recorded())
        return not any(unsent) and len(seen) > 1 and seen[-2] == seen[-1]

    await eventually(quiet, every=1)


def outside() -> Iterator[tuple[str, str, str]]:
    """Return what is outside of a scope: the scope, the street that is asked about, and the division that is named."""
    for street in (SIBLING, OTHER):
        yield OWN, street, street
        yield OWN, street, OWN
    for street in (OWN, SIBLING, OTHER):
        yield VILLAGE, street, street
        yield VILLAGE, street, OWN


def is_refused(answer: httpx.Response) -> bool:
    """Return whether an answer refuses, or finds nothing; an entry for nobody of one's own is refused by a 409."""
    if answer.is_success:
        return answer.content in NOTHING
    return answer.status_code in REFUSED or answer.json()["code"] == "no_archive"


def nameless(answer: httpx.Response, ids: Mapping[str, Any]) -> tuple[int, str]:
    """Return an answer without the ids that were asked about."""
    text = answer.text
    for name, value in ids.items():
        for one in value if isinstance(value, list) else [value]:
            text = text.replace(one, f"<{name}>")
    return answer.status_code, text


async def try_outside(deployment: Deployment, service: str) -> AsyncIterator[str]:
    """Ask for what is elsewhere and for what is nowhere; return what is not refused, or not alike."""
    async with deployment.door(service) as door:
        for route in deployment.routes(service):
            things_named = route.names_things(GHOSTS)
            for scope, street, named in outside():
                if not things_named and (named != street or not route.names_division()):
                    continue  # about what is one's own, or about no place
                there = deployment.places[street][service]
                nowhere = replace(there, ids=GHOSTS)
                for role in Role:
                    token = deployment.token(role, scope)
                    real = await send(door, route.request(there, named), token)
                    case = f"{route} as {role} of {scope} about {street}, naming {named}"
                    if not is_refused(real):
                        yield f"{case}: {real.status_code} {real.text[:200]}"
                    if '"not_your_role"' in real.text:
                        continue
                    ghost = await send(door, route.request(nowhere, named), token)
                    if nameless(real, there.ids) != nameless(ghost, GHOSTS):
                        yield f"{case}: {real.text[:200]} tells it from {ghost.text[:200]}"


@pytest.mark.parametrize("service", SERVICES)
async def test_what_another_place_keeps_is_refused_like_what_does_not_exist_and_nothing_is_recorded(
    houniao: Deployment, service: str
) -> None:
    before = await houniao.recorded()

    broken = [line async for line in try_outside(houniao, service)]

    assert not broken, "\n".join(broken)
    assert await houniao.recorded() == before


@pytest.mark.parametrize("service", SERVICES)
async def test_what_is_no_scope_opens_nothing_and_the_whole_country_is_an_admins_or_a_services(
    houniao: Deployment, service: str
) -> None:
    everywhere = [(role, "") for role in Role if role not in EVERYWHERE]
    tokens = [houniao.token(role, scope) for role, scope in (*zip(cycle(Role), NO_SCOPES, strict=False), *everywhere)]

    async with houniao.door(service) as door:
        answers = {
            (answer.status_code, answer.json()["code"])
            for route in houniao.routes(service)
            for token in tokens
            for answer in [await send(door, route.request(houniao.places[OWN][service], OWN), token)]
        }

    assert answers == {(401, "bad_token")}


@pytest.mark.parametrize("service", SERVICES)
async def test_the_same_requests_are_understood_inside_the_scope_and_no_answer_may_be_stored(
    houniao: Deployment, service: str
) -> None:
    token, broken = houniao.token("admin", OWN[:6]), []
    async with houniao.door(service) as door:
        for route in houniao.routes(service):
            answer = await send(door, route.request(houniao.places[OWN][service], OWN), token)
            code = answer.json().get("code") if "problem" in answer.headers.get("content-type", "") else None
            if answer.status_code >= 500 or code in {"malformed", "not_found", "outside_your_division", "no_archive"}:
                broken.append(f"{route}: {answer.status_code} {answer.text[:300]}")
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["x-content-type-options"] == "nosniff"

    nothing_parked = f"{service} POST /parked/{{parked_id}}/replay: 404"
    assert [line for line in broken if not line.startswith(nothing_parked)] == []


@pytest.mark.parametrize("service", SERVICES)
async def test_a_city_that_is_padded_to_six_digits_is_that_city_at_every_route(
    houniao: Deployment, service: str
) -> None:
    token, asked, broken = houniao.token("admin", ""), 0, []
    async with houniao.door(service) as door:
        for route in houniao.routes(service):
            request = route.request(houniao.places[OWN][service], OWN)
            if route.method == "get" and "division" in request["params"]:
                answers = [
                    await send(door, {**request, "params": {**request["params"], "division": code}}, token)
                    for code in (OWN[:4], f"{OWN[:4]}00")
                ]
                asked += answers[0].status_code == 200
                told = [(answer.status_code, CHANGING.sub("", answer.text)) for answer in answers]
                if answers[0].status_code != 422 and told[0] != told[1]:
                    broken.append(f"{route}: {told}")

    assert not broken, "\n".join(broken)
    assert asked or service == "feeds"


@pytest.mark.parametrize("service", SERVICES)
async def test_whoever_asks_for_what_is_near_reads_nothing_of_a_crowd_that_is_elsewhere(
    houniao: Deployment, service: str
) -> None:
    """It comes last: what the crowd is copied from is not asked about any more."""
    database, token = houniao.instance.database(service), houniao.token("admin", OWN[:6])
    await crowd(database)

    async def watch(door: httpx.AsyncClient, route: Route) -> list[str]:
        await begin_to_watch(database)
        await send(door, route.request(houniao.places[OWN][service], OWN), token)
        return [f"{route}: {query}" for query in await find_greedy(database)]

    greedy: list[str] = []
    async with houniao.door(service) as door:
        for route in (one for one in houniao.routes(service) if one.method == "get" and str(one) not in LOOKED_THROUGH):
            if await watch(door, route):  # once more: what the service does meanwhile by itself is seen too
                greedy += await watch(door, route)

    assert not greedy, "\n".join(greedy)
