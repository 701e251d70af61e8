"""The vault's commands as an operator runs them, beside a running registration."""

from pathlib import Path

from deploy.local.stack import Stack
from services.runtime.access_log.log import ACCESS_LOG
from tests.support.instance import Instance, running_instance
from tests.support.offices import make_arrival

STREET = "320507001"


async def arrive(houniao: Instance) -> str:
    async with houniao.client("registration", "clerk", STREET) as clerk:
        answer = await clerk.post("/arrivals", json={**make_arrival(), "street": STREET})
        return str(answer.json()["person_id"])


async def test_an_operator_erases_a_person_and_verifies_the_log_until_somebody_tampers_with_it(
    stack: Stack, tmp_path: Path
) -> None:
    async with running_instance(stack, ["registration"]) as houniao:
        person_id, heads = await arrive(houniao), tmp_path / "heads"
        log = houniao.database("registration")[ACCESS_LOG]

        naming = await houniao.command("registration", "erase-person", person_id, "--reason", "李小满本人申请")
        unknown = await houniao.command("registration", "erase-person", "0" * 32, "--reason", "本人申请")
        erased = await houniao.command("registration", "erase-person", person_id, "--reason", "本人申请")
        whole = await houniao.command("registration", "verify-access-log", "--heads", str(heads))
        [entry] = [entry async for entry in log.find()]
        await log.update_one({}, {"$set": {"by": "nobody"}})
        altered = await houniao.command("registration", "verify-access-log")
        await log.delete_many({})
        cut_off = await houniao.command("registration", "verify-access-log", "--heads", str(heads))
        heads.write_text("?")
        unreadable = await houniao.command("registration", "verify-access-log", "--heads", str(heads))

        assert (naming.returncode, unknown.returncode) == (2, 2)
        assert "reason_names_person" in naming.stderr
        assert "not_found" in unknown.stderr
        assert erased.returncode == 0, erased.stderr
        assert "erased_at: " in erased.stdout
        assert (entry["action"], entry["role"], entry["person_id"]) == ("identity_erased", "operator", person_id)
        assert entry["street"] == STREET
        assert (whole.returncode, whole.stdout) == (0, f"entries: 1\nhead: {entry['hash']}\n")
        assert (altered.returncode, altered.stdout.splitlines()[-1]) == (
            1,
            "first break: 1 altered: it does not fit its hash",
        )
        assert (cut_off.returncode, cut_off.stdout.splitlines()[-1]) == (
            1,
            "first break: 1 cut off: a head was noted at 1",
        )
        assert unreadable.returncode == 2


async def test_commands_say_what_is_left_to_do_and_that_mongodb_is_away(stack: Stack) -> None:
    async with running_instance(stack, ["registration"]) as houniao:
        await arrive(houniao)
        await houniao.database("registration")["identities"].update_one({}, {"$unset": {"sealed_with": 1}})

        wanting = await houniao.command("registration", "rotate-keys", "--check")
        rotated = await houniao.command("registration", "rotate-keys")
        nothing = await houniao.command("registration", "rotate-keys")
        away = await houniao.command(
            "registration", "rotate-keys", MONGODB_URL="mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=100"
        )

        assert (wanting.returncode, rotated.returncode, nothing.returncode, away.returncode) == (1, 0, 0, 3)
        assert "identities: 1 under another key (unknown)" in wanting.stdout
        assert "identities: 1 sealed anew" in rotated.stdout
        assert nothing.stdout == "Everything is sealed under the first key; the older keys can be removed.\n"
        assert "storage_away" in away.stderr
        assert [entry["action"] async for entry in houniao.database("registration")[ACCESS_LOG].find()] == [
            "keys_rotated"
        ]
