"""Bundles: what they hold, who gets them, and that nothing in them can be changed unseen."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine

from bundling import DAMAGES, STRANGERS, ask, bundle, codes, kinds, misfits, resign, story, trusting
from counting import a_count, close, count, label, open_check
from moving import dispatch, issue, receive
from reporting import code, look
from salw.core import clock
from salw.core.db import run
from salw.core.ids import new_id
from salw.ledger.checkpoints import Checkpoint, encode
from salw.ledger.leading import Sealer
from salw.ledger.notes import Algorithm, Note, Signature, Verifier, cosigned_message, read_note, timestamp
from salw.ledger.policy import NOBODY, Witness, read_policy
from salw.ledger.sequencer import drain
from salw.proofs.bundles.archive import read_archive
from salw.proofs.bundles.gathering import Asked, bundle_weapon
from salw.proofs.bundles.reports import check_number, check_printed
from salw.proofs.bundles.verdict import Trust, Verdict
from salw.proofs.bundles.verifying import Keys, verify_bundle
from sealing import make_sealer, seal_now
from world import World

STORY = ["weapon.registered", "weapon.issued", "weapon.returned"]


@pytest.fixture
def sealer(tmp_path: Path) -> Sealer:
    return make_sealer(tmp_path)


@pytest.fixture
def seal(sequencer_engine: Engine, sealer: Sealer) -> Callable[[], int]:
    return lambda: seal_now(sequencer_engine, sealer)


def test_a_weapons_bundle_proves_its_whole_story_byte_for_byte(
    client: httpx.Client, world: World, seal: Callable[[], int], sealer: Sealer
) -> None:
    weapon = story(client, world).weapon_id
    seal()
    verdict = verify_bundle(bundle(client, world, weapon=weapon), trusting(sealer))
    assert verdict.problems == []
    assert kinds(verdict) == STORY
    assert verdict.logs[0].signers[0].trust is Trust.YOURS
    stored = look(world, "select canonical from event where weapon_id = %(w)s order by recorded_at, id", w=weapon)
    assert [event.canonical for event in verdict.events] == [bytes(row["canonical"]) for row in stored]


def test_one_state_gives_one_file_whoever_asks(
    client: httpx.Client, world: World, seal: Callable[[], int], sealer: Sealer
) -> None:
    weapon = story(client, world).weapon_id
    seal()
    first = bundle(client, world, weapon=weapon)
    assert [bundle(client, world, job, weapon=weapon) for job in ("auditor", "commander", "orderer")] == [first] * 3
    issue(client, world, world.register(1))
    seal()
    later = bundle(client, world, weapon=weapon)
    assert later != first
    assert kinds(verify_bundle(later, trusting(sealer))) == STORY


def test_whatever_is_changed_in_a_bundle_is_found_and_named(
    client: httpx.Client, world: World, seal: Callable[[], int], sealer: Sealer
) -> None:
    weapon = story(client, world).weapon_id
    seal()
    size = look(world, "select max(idx) as size from leaf where country = %(country)s")[0]["size"]
    whole = bundle(client, world, weapon=weapon, names=True, log_size=size)
    assert verify_bundle(whole, trusting(sealer)).problems == []
    found = {name: codes(verify_bundle(damage.do(whole), trusting(sealer))) for name, damage in DAMAGES.items()}
    assert {name: damage.code in found[name] for name, damage in DAMAGES.items()} == dict.fromkeys(DAMAGES, True)
    # Somebody who signs anew convinces nobody who has the key on paper; without it, he agrees with himself.
    anew = verify_bundle(DAMAGES["the key of another"].do(whole))
    assert (anew.problems, anew.logs[0].signers[0].trust) == ([], Trust.BUNDLE)


def test_names_are_in_it_only_where_they_are_asked_for_and_may_be_read(
    client: httpx.Client, world: World, seal: Callable[[], int]
) -> None:
    weapon = story(client, world).weapon_id
    seal()
    names = look(world, "select value->>'family_name' as n from personal_value where value ? 'family_name'")
    mine = {row["n"].encode() for row in names}
    plain = bundle(client, world, weapon=weapon)
    assert not any(name in plain for name in mine)
    assert "values.json" not in read_archive(plain)
    told = verify_bundle(bundle(client, world, weapon=weapon, names=True))
    assert told.problems == []
    assert {v["family_name"].encode() for v in told.values.values()} & mine
    # A commander proves the names of his own people, and no other's.
    (sent,) = dispatch(client, world, world.register(1))[1:]
    transfer, moving = dispatch(client, world, world.register(1))
    receive(client, world, transfer, moving)
    seal()
    bravo = {row["id"] for row in look(world, "select id from person where unit_id = %(u)s", u=world.bravo)}
    known = verify_bundle(bundle(client, world, "commander", store=world.store_alpha, names=True))
    assert known.problems == []
    versions = {
        row["commitment"].hex()
        for row in look(
            world,
            "select v.commitment from person p join personal_value v on (v.country, v.id) = (p.country, p.value_id) "
            "where p.id = any(%(ids)s)",
            ids=list(bravo),
        )
    }
    assert known.values
    assert not versions & set(known.values)
    assert sent


def test_who_has_no_right_or_not_the_whole_story_gets_no_bundle(
    client: httpx.Client, world: World, new_world: Callable[[str], World], seal: Callable[[], int]
) -> None:
    weapon = story(client, world).weapon_id
    assert code(ask(client, new_world("ML"), weapon=weapon)) == (404, "weapon.not_found")
    for job in ("keeper", "accountant", "armourer", "commission", "administrator", "oversight"):
        assert code(ask(client, world, job, weapon=weapon)) == (403, "access.not_permitted")
    transfer, moving = dispatch(client, world, world.register(1))
    (arrived,) = receive(client, world, transfer, moving)
    seal()
    assert code(ask(client, world, "commander", weapon=arrived.weapon_id)) == (403, "bundle.not_whole")
    assert code(ask(client, world, "commander", store=world.store_bravo)) == (404, "store.not_found")
    assert code(ask(client, world, "commander", weapon=new_id())) == (404, "weapon.not_found")
    assert code(ask(client, world)) == (422, "bundle.one_subject")
    assert code(ask(client, world, weapon=weapon, store=world.store_alpha)) == (422, "bundle.one_subject")
    # What the store gave up stays in its own bundle, as far as it was party to it.
    kept = verify_bundle(bundle(client, world, "commander", store=world.store_alpha))
    gone = [e.said["kind"] for e in kept.events if e.said["weapon"] == str(arrived.weapon_id)]
    assert gone == ["weapon.registered", "weapon.dispatched", "weapon.received"]


def test_what_is_not_sealed_is_not_in_it_and_is_counted(
    client: httpx.Client, world: World, new_world: Callable[[str], World], seal: Callable[[], int]
) -> None:
    (weapon,) = world.register(1)
    assert code(ask(client, world, weapon=weapon.weapon_id)) == (409, "bundle.not_sealed")
    seal()
    issue(client, world, [weapon])
    verdict = verify_bundle(bundle(client, world, weapon=weapon.weapon_id))
    assert (kinds(verdict), verdict.head["unsealed"]) == (["weapon.registered"], 1)
    assert code(ask(client, world, weapon=weapon.weapon_id, log_size=2**40)) == (409, "bundle.size_not_sealed")


def counted_store(client: httpx.Client, world: World, sequencer: Engine) -> UUID:
    weapons = world.register(2)
    drain(sequencer)  # the check stands on what is sequenced, sealed or not
    labels = label(world, weapons)
    check = open_check(client, world)
    count(client, world, check, *(a_count(text) for text in labels))
    close(client, world, check)
    return check


def test_a_report_is_held_against_the_bundle_of_its_check(
    client: httpx.Client, world: World, seal: Callable[[], int], sealer: Sealer, sequencer_engine: Engine
) -> None:
    check = counted_store(client, world, sequencer_engine)
    path = f"/stocktakes/{check}/reconciliation.json"
    unsealed = client.get(path, headers=world["auditor"].headers).json()
    assert unsealed["log_checkpoint"] is None
    seal()
    report = client.get(path, headers=world["auditor"].headers).json()
    assert (report["number"], report["digest"]) == (unsealed["number"], unsealed["digest"])
    data, keys = bundle(client, world, stocktake=check), trusting(sealer)
    verdict = verify_bundle(data, keys)
    assert {"stocktake.opened", "stocktake.counted", "stocktake.closed"} <= set(kinds(verdict))
    assert check_number(verdict, report["number"]) == kinds(verdict).count("weapon.registered") == 2
    printed = report["log_checkpoint"]["note"]
    held = Keys(keys, None, NOBODY)
    # As it comes out of a scanner on Windows, or typed with two hyphens, or broken by a mail.
    for text in (
        printed,
        printed.replace("\n", "\r\n"),
        printed.replace("— ", "-- "),
        printed[:-40] + "\n" + printed[-40:],
    ):
        assert check_printed(verdict, text, held) is not None
    assert (verdict.problems, verdict.misfits) == ([], [])
    wrong = printed.replace(report["log_checkpoint"]["root"], encode(bytes(32)))
    assert codes_of_report(data, keys, wrong) == {"proven.report_signature_wrong"}
    other = Checkpoint("registre.example/xx/1", 3, bytes(32)).text + "\n" + printed.split("\n\n")[1]
    assert codes_of_report(data, keys, other) == {"proven.report_other_log"}
    (signer,) = sealer.signers_of("BF")
    unsigned = resign(printed.encode())[0].decode().replace(report["log_checkpoint"]["root"], encode(bytes(32)))
    assert codes_of_report(data, keys, unsigned) == {"proven.report_not_signed"}
    assert check_number(verdict, "ML" + report["number"][2:]) is None
    assert misfits(verdict) == {"proven.report_other_country"}
    early = Checkpoint(report["log_checkpoint"]["origin"], 1, bytes(32)).text
    signed = str(Note(early, (signer.sign(early, clock.now()),)))
    assert codes_of_report(data, keys, signed) == {"proven.report_size_missing"}
    assert codes_of_report(data, keys, "à peu près") == {"proven.report_malformed"}


def codes_of_report(data: bytes, keys: list[Verifier], text: str) -> set[str]:
    verdict = verify_bundle(data, keys)
    check_printed(verdict, text, Keys(keys, None, NOBODY))
    return codes(verdict) or misfits(verdict)


def test_a_log_that_signs_two_pasts_is_told_by_its_printed_report(
    client: httpx.Client, world: World, seal: Callable[[], int], sealer: Sealer, sequencer_engine: Engine
) -> None:
    check = counted_store(client, world, sequencer_engine)
    seal()
    data = bundle(client, world, stocktake=check)
    report = client.get(f"/stocktakes/{check}/reconciliation.json", headers=world["auditor"].headers).json()
    (signer,) = sealer.signers_of("BF")
    other = Checkpoint(report["log_checkpoint"]["origin"], report["log_checkpoint"]["size"], bytes(32)).text
    forked = str(Note(other, (signer.sign(other, clock.now()),)))
    assert codes_of_report(data, trusting(sealer), forked) == {"proven.report_fork"}


def test_a_store_between_two_days_holds_those_events_alone(
    client: httpx.Client, world: World, seal: Callable[[], int]
) -> None:
    story(client, world)
    seal()
    day = world.founder.today
    today = verify_bundle(bundle(client, world, store=world.store_alpha, **{"from_": day, "to_": day}))
    assert (today.problems, len(today.events)) == ([], 7)
    before = ask(client, world, store=world.store_alpha, to_=day - timedelta(days=1))
    assert code(before) == (409, "bundle.no_events")
    reversed_ = ask(client, world, store=world.store_alpha, from_=day, to_=day - timedelta(days=1))
    assert code(reversed_) == (422, "bundle.period_reversed")
    for days in ({"to_": "9999-12-31"}, {"from_": day + timedelta(days=1)}):
        assert code(ask(client, world, store=world.store_alpha, **days)) == (422, "bundle.period_in_future")


def test_what_is_in_a_bundle_and_no_part_of_its_proofs_is_named(
    client: httpx.Client, world: World, seal: Callable[[], int], sealer: Sealer
) -> None:
    weapon = story(client, world).weapon_id
    seal()
    whole = bundle(client, world, weapon=weapon)
    assert verify_bundle(whole, trusting(sealer)).remarks == []
    for name, stranger in STRANGERS.items():
        verdict = verify_bundle(stranger.do(whole), trusting(sealer))
        assert (verdict.problems, stranger.code in {r.code for r in verdict.remarks}) == ([], True), name


def test_a_weapons_number_is_the_sealed_one_or_is_called_unproven(
    client: httpx.Client, world: World, seal: Callable[[], int], sealer: Sealer
) -> None:
    weapon = story(client, world).weapon_id
    seal()
    (number,) = [
        r["registry_number"] for r in look(world, "select registry_number from weapon where id = %(w)s", w=weapon)
    ]
    data = bundle(client, world, weapon=weapon)
    verdict = verify_bundle(data, trusting(sealer))
    assert (verdict.sealed_name, verdict.numbers) == (number, {str(weapon): number})
    forged = verify_bundle(DAMAGES["the number of the weapon"].do(data), trusting(sealer))
    assert (codes(forged), forged.sealed_name) == ({"proven.head_wrong"}, number)
    store = verify_bundle(bundle(client, world, store=world.store_alpha), trusting(sealer))
    assert (store.sealed_name, store.numbers[str(weapon)]) == (None, number)


def test_a_key_of_another_log_shows_nothing_and_says_so(
    client: httpx.Client, world: World, seal: Callable[[], int], sealer: Sealer
) -> None:
    weapon = story(client, world).weapon_id
    seal()
    data, (key,) = bundle(client, world, weapon=weapon), trusting(sealer)
    other = Verifier("registre.example/ml/1", key.algorithm, key.public_key)
    assert misfits(verify_bundle(data, [other])) == {"proven.key_of_another_log"}
    # A key of this very log that did not sign it is no slip of the reader's.
    assert codes(verify_bundle(DAMAGES["the key of another"].do(data), [key])) == {"proven.key_not_yours"}


def cosign(engine: Engine, world: World, name: str) -> Verifier:
    """Let a witness of a neighbour sign the newest checkpoint, and return its key."""
    private = Ed25519PrivateKey.generate()
    key = Verifier(name, Algorithm.COSIGNATURE, private.public_key().public_bytes_raw())
    head = look(
        world,
        "select log_id, size, note from checkpoint where country = %(country)s order by log_id desc, size desc limit 1",
    )[0]
    text, now = read_note(head["note"].encode()).text, 1_800_000_000
    line = Signature(name, key.key_id, timestamp(now) + private.sign(cosigned_message(text, now))).line
    with engine.begin() as db:
        run(
            db,
            "insert into cosignature (country, log_id, size, witness, line, cosigned_at) "
            "values (%(c)s, %(log)s, %(size)s, %(name)s, %(line)s, to_timestamp(%(now)s))",
            {"c": world.country, "log": head["log_id"], "size": head["size"], "name": name, "line": line, "now": now},
        )
        run(
            db,
            "insert into witnessed (country, log_id, size) values (%(c)s, %(log)s, %(size)s)",
            {"c": world.country, "log": head["log_id"], "size": head["size"]},
        )
    return key


def test_a_bundle_stands_on_the_newest_witnessed_checkpoint_that_covers_it(
    client: httpx.Client, world: World, seal: Callable[[], int], sealer: Sealer, sequencer_engine: Engine
) -> None:
    weapon = story(client, world).weapon_id
    seal()
    witness = cosign(sequencer_engine, world, f"temoin.example/ml/{new_id().hex}")
    world.register(1)
    seal()
    data, (key,) = bundle(client, world, weapon=weapon), trusting(sealer)
    asked = Asked(witnesses=(Witness("ml", witness, None),))
    with world.transaction() as db:
        named = bundle_weapon(db, actor=world.actor("auditor"), weapon_id=weapon, asked=asked)
    helped = verify_bundle(named, [key])
    assert (helped.problems, [s.trust for s in helped.logs[0].signers]) == ([], [Trust.YOURS, Trust.BUNDLE])
    alone = verify_bundle(data, [key])
    assert (alone.problems, [s.trust for s in alone.logs[0].signers]) == ([], [Trust.YOURS, Trust.UNKNOWN])
    both = verify_bundle(data, [key, witness])
    assert (both.problems, both.logs[0].signers[1].time) == ([], 1_800_000_000)

    def judged(text: str) -> Verdict:
        return verify_bundle(data, policy=read_policy(text.encode()))

    assert judged(f"log {key.text}\nwitness ml {witness.text}\nquorum ml\n").problems == []
    other = Verifier("temoin.example/ne", Algorithm.COSIGNATURE, witness.public_key)
    missing = judged(f"log {key.text}\nwitness ne {other.text}\nquorum ne\n")
    assert codes(missing) == {"proven.too_few_witnesses"}
    # What a report stands on may be newer than what is witnessed: the bundle then shows it without the witness.
    newest = look(world, "select max(size) as size from checkpoint where country = %(country)s")[0]["size"]
    later = verify_bundle(bundle(client, world, weapon=weapon, log_size=newest), [key])
    assert (later.problems, later.logs[0].checkpoint.size) == ([], newest)
    assert check_number(later, f"{world.country}-{newest}-00000000") == len(STORY)
