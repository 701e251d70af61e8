"""The sealing keys are rotated while arrivals go on, the command is killed midway, and the new key opens everything."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from uuid import uuid4

import pytest
from cryptography.fernet import Fernet

from deploy.local.stack import Stack
from services.registration.vault import Vault, VaultSettings
from services.registration.views.sealed import PLACES
from services.runtime.mongo import Database
from tests.faults.conftest import forget
from tests.faults.deployment import REPOSITORY, Deployment
from tests.faults.form import LONG, WHOLE_WITHIN, in_form
from tests.faults.load import under_load
from tests.faults.test_imports_resume import finish, hand_in, make_register

KILLS = in_form(short=1, long=5)
SEALING_KEYS = "HOUNIAO_SEALING_KEYS"


@pytest.fixture
async def houniao(fault_stack: Stack) -> AsyncIterator[Deployment]:
    """Yield a deployment of this test's own: with other keys, nobody else could use it afterwards."""
    deployment = Deployment(fault_stack, uuid4().hex[:8])
    await deployment.heal()
    yield deployment
    await forget(deployment)


@pytest.mark.skipif(not LONG, reason="minutes: `make faults`; tests/integration/test_key_rotation.py does it shortly")
async def test_keys_are_rotated_under_load_by_a_command_that_is_killed_midway(houniao: Deployment) -> None:
    old = houniao.stack.service_environment("registration")[SEALING_KEYS]
    new = Fernet.generate_key().decode()
    database = houniao.databases["registration"]
    arrivals, register, expected = make_register(houniao)
    import_id = await hand_in(houniao, register)
    assert await finish(houniao, import_id) == expected

    async with under_load(houniao) as load:
        load.accepted |= {arrival.stay: arrival for arrival in arrivals}
        for keys in (f"{old},{new}", f"{new},{old}"):
            await load.reaches(20)
            await restart(houniao, keys)
        await load.reaches(20)
        unfinished = await command(houniao, f"{new},{old}", "rotate-keys", "--check")
        for _ in range(KILLS):
            await kill_midway(houniao, f"{new},{old}", database)
        await load.reaches(20)
        rotated = await command(houniao, f"{new},{old}", "rotate-keys")
        checked = await command(houniao, f"{new},{old}", "rotate-keys", "--check")
        await restart(houniao, new)
        await load.reaches(20)

    await load.must_be_whole()
    assert unfinished.returncode == 1
    assert "The older keys are still needed." in unfinished.stdout
    assert (rotated.returncode, checked.returncode) == (0, 0), rotated.stdout
    assert "the older keys can be removed" in rotated.stdout
    await everything_opens_with(houniao, database, new)
    verified = await command(houniao, new, "verify-access-log")
    assert verified.returncode == 0
    assert f"entries: {KILLS + 1}\n" in verified.stdout


async def restart(houniao: Deployment, keys: str) -> None:
    """Restart registration with other keys."""
    await houniao.stop("registration")
    houniao.start("registration", **{SEALING_KEYS: keys})
    await houniao.ready("registration")


async def kill_midway(houniao: Deployment, keys: str, database: Database) -> None:
    """Begin a rotation that kills itself after a batch: some things are sealed anew, and not all."""
    crashing = ("tests.faults.crashing", "registration", "batch sealed anew", "1")
    crashed = await command(houniao, keys, "rotate-keys", module=crashing)
    assert crashed.returncode == -signal.SIGKILL, crashed.stderr
    fingerprint = vault_with(houniao, keys).sealing_key
    assert await database["identities"].count_documents({"sealed_with": {"$ne": fingerprint}}) > 0


async def command(
    houniao: Deployment, keys: str, *arguments: str, module: Sequence[str] = ("services.registration",)
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end while everything else goes on."""
    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", *module, *arguments],
        cwd=REPOSITORY,
        env=environment(houniao, keys),
        capture_output=True,
        text=True,
        check=False,
        timeout=WHOLE_WITHIN,
    )


def environment(houniao: Deployment, keys: str) -> dict[str, str]:
    told = houniao.stack.service_environment("registration", instance=houniao.name)
    return {**os.environ, **told, "MONGODB_URL": houniao.stack.mongodb_url(), SEALING_KEYS: keys}


def vault_with(houniao: Deployment, keys: str) -> Vault:
    told = houniao.stack.service_environment("registration")
    return Vault(
        VaultSettings(
            person_key=told["HOUNIAO_PERSON_KEY"],
            sealing_keys=keys,
            access_log_keys=told["HOUNIAO_ACCESS_LOG_KEYS"],
        )
    )


async def everything_opens_with(houniao: Deployment, database: Database, key: str) -> None:
    """Open every sealed byte in the database, known place or not, with one key alone."""
    vault = vault_with(houniao, key)
    known = {(place.collection, place.field) for place in PLACES}
    opened = 0
    for collection in await database.list_collection_names():
        async for document in database[collection].find():
            for field, value in document.items():
                if isinstance(value, bytes):
                    assert (collection, field) in known
                    vault.open_bytes(value)
                    opened += 1
    assert opened >= await database["identities"].count_documents({}) > 1000
