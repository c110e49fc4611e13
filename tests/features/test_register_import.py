"""Taking an armoury's own register on charge: all of it or nothing, every row kept as written."""

import csv
import hashlib
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine

from registers import answered, sit_down, staged, weapons_of
from salw.access.rules import Permission
from salw.core import clock
from salw.core.db import run
from salw.core.errors import Conflict, NotFound, Unacceptable
from salw.core.ids import new_id
from salw.intake.register import operations
from salw.intake.register.checking import Status
from salw.intake.register.operations import Imported, Review, import_register, review_register
from salw.intake.register.reading import Source
from world import World

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
HEADINGS = ["N°", "Type", "Modèle", "Obs."]
MAPPING = """
[columns]
serial = "N°"
class = "Type"
model = "Modèle"
remark = "Obs."
[values.class]
fusil = "SA-ASR"
[values.model]
AKM = "akm-izhevsk-su"
[[ignore]]
column = "Type"
values = ["jumelles"]
"""


def source(rows: list[list[str]], name: str = "registre.csv") -> Source:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([HEADINGS, *rows])
    content = out.getvalue().encode()
    return Source(name, content, hashlib.sha256(content).digest())


def clean(count: int) -> list[list[str]]:
    """Return rows without a doubt, of serials that no other test has."""
    return [[f"DEMO-{new_id().hex}", "fusil", "AKM", "RAS"] for _ in range(count)]


def review(db: Connection, world: World, file: Source, mapping: str = MAPPING) -> Review:
    return review_register(
        db,
        actor=world.actor("accountant", Permission.WEAPON_REGISTER),
        now=clock.now(),
        source=file,
        mapping_text=mapping,
        store_id=world.store_alpha,
    )


def take(world: World, file: Source, *, partial: bool = False, mapping: str = MAPPING) -> tuple[Review, Imported]:
    with world.transaction() as db:
        reviewed = review(db, world, file, mapping)
        actor = world.actor("accountant")
        return reviewed, import_register(db, actor=actor, now=clock.now(), review=reviewed, partial=partial)


def one(world: World, sql: str, **values: object) -> Any:
    with world.transaction() as db:
        return run(db, sql, values)[0]


def test_a_register_comes_in_on_one_document_with_an_event_for_each_weapon_and_one_for_the_file(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "BATCH", 3)
    file = source(clean(7))
    reviewed, imported = take(world, file)
    assert reviewed.counts == {Status.IMPORTED: 7}
    rows = staged(world, str(imported.file_id))
    assert [row["raw"]["N°"] for row in rows] == [row["serial"] for row in rows]
    found = one(
        world,
        "select count(*) as moves, count(distinct document_id) as documents, min(d.kind) as kind from movement m "
        "join document d on (d.country, d.id) = (m.country, m.document_id) where m.document_id = %(d)s",
        d=imported.document_id,
    )
    assert found == {"moves": 7, "documents": 1, "kind": "opening_balance"}
    with world.transaction() as db:
        events = [
            json.loads(bytes(r["canonical"]))
            for r in run(
                db,
                "select canonical from event where kind in ('register.imported', 'weapon.registered') and "
                "position(convert_to(%(d)s, 'UTF8') in canonical) > 0",
                {"d": str(imported.document_id)},
            )
        ]
    assert Counter(e["kind"] for e in events) == {"register.imported": 1, "weapon.registered": 7}
    told = next(e["facts"] for e in events if e["kind"] == "register.imported")
    assert (told["sha256"], told["rows"], told["imported"]) == (file.sha256.hex(), 7, 7)
    assert file.name not in json.dumps(events), "a file's name is free text and may name a person"


def test_the_file_is_kept_with_its_hash_its_mapping_and_its_counts(world: World) -> None:
    file = source([*clean(2), ["S/N", "fusil", "AKM", ""], ["", "", "", ""]])
    _, imported = take(world, file)
    kept = one(world, "select * from register_file where id = %(id)s", id=imported.file_id)
    assert bytes(kept["sha256"]) == file.sha256
    assert kept["mapping"] == MAPPING
    assert kept["columns"] == HEADINGS
    assert [kept[c] for c in ("rows", "imported", "flagged", "refused", "blank")] == [3, 2, 1, 0, 1]
    assert kept["imported_by"] == world["accountant"].person_id


def test_one_refused_row_and_nothing_is_written(world: World) -> None:
    before = weapons_of(world)
    file = source([*clean(3), ["12", "jumelles", "", ""]])
    with pytest.raises(Unacceptable) as caught:
        take(world, file)
    assert (caught.value.code, caught.value.details["refused"]) == ("register.rows_refused", 1)
    assert weapons_of(world) == before
    with world.transaction() as db:
        assert run(db, "select 1 from register_file where sha256 = %(s)s", {"s": file.sha256}) == []


def test_a_partial_import_keeps_the_refused_row_with_its_reason(world: World) -> None:
    before = weapons_of(world)
    _, imported = take(world, source([*clean(3), ["12", "jumelles", "", ""]]), partial=True)
    assert weapons_of(world) == before + 3
    last = staged(world, str(imported.file_id))[-1]
    assert (last["line"], last["status"], last["weapon_id"]) == (5, "refused", None)
    assert last["refusals"] == [{"column": "Type", "value": "jumelles", "code": "register.not_a_weapon"}]


def test_a_file_of_refused_rows_only_is_not_taken_on_charge(world: World) -> None:
    with pytest.raises(Unacceptable, match=r"register\.nothing_to_import"):
        take(world, source([["12", "jumelles", "", ""]]), partial=True)


def test_the_same_file_is_refused_the_second_time_whatever_its_name(world: World) -> None:
    rows = clean(2)
    take(world, source(rows))
    before = weapons_of(world)
    with pytest.raises(Conflict) as caught:
        take(world, source(rows, "copie.csv"))
    assert caught.value.code == "register.same_file"
    assert caught.value.details["known"] == "registre.csv"
    assert weapons_of(world) == before


def test_the_same_file_is_refused_also_when_the_review_came_first(world: World) -> None:
    file = source(clean(2))
    with world.transaction() as db:
        early = review(db, world, file)
    take(world, file)
    before = weapons_of(world)
    with pytest.raises(Conflict, match=r"register\.same_file"), world.transaction() as db:
        import_register(db, actor=world.actor("accountant"), now=clock.now(), review=early)
    assert weapons_of(world) == before


def test_a_row_that_an_earlier_file_brought_in_is_refused_with_file_and_line(world: World) -> None:
    rows = clean(3)
    bad = [f"DEMO-{new_id().hex}", "bidule", "", ""]
    take(world, source([*rows, bad]), partial=True)
    before = weapons_of(world)
    corrected = source([*rows, [bad[0], "fusil", "AKM", "type corrigé"]], "corrigé.csv")
    reviewed, _ = take(world, corrected, partial=True)
    refused = [(r.cells.line, f.code, f.details) for r in reviewed.rows for f in r.refusals]
    assert refused == [(n, "duplicate.imported_before", {"file": "registre.csv", "line": n}) for n in (2, 3, 4)], (
        "each good weapon is in the books already"
    )
    assert weapons_of(world) == before + 1, "and the corrected row alone comes in"


def test_a_register_that_was_only_saved_again_has_nothing_to_import(world: World) -> None:
    rows = clean(2)
    take(world, source(rows))
    before = weapons_of(world)
    with pytest.raises(Unacceptable, match=r"register\.nothing_to_import"):
        take(world, source([*rows, ["", "", "", ""]]), partial=True)
    assert weapons_of(world) == before


def test_equal_rows_without_a_serial_come_in_again_and_other_stores_are_not_concerned(world: World) -> None:
    unnumbered, numbered = [["", "fusil", "AKM", "lot"]] * 12, clean(1)
    take(world, source([*unnumbered, *numbered]))
    reviewed, _ = take(world, source([*unnumbered, *clean(1)]))
    assert (len(reviewed.rows), reviewed.counts[Status.REFUSED]) == (13, 0)
    with world.transaction() as db:
        elsewhere = review_register(
            db,
            actor=world.actor("accountant", Permission.WEAPON_REGISTER),
            now=clock.now(),
            source=source([*numbered, *clean(1)]),
            mapping_text=MAPPING,
            store_id=world.store_bravo,
        )
    assert [f.code for f in elsewhere.rows[0].flags] == ["duplicate.in_register"]


def test_two_imports_into_one_store_take_turns(world: World) -> None:
    rows = clean(2)
    actor = world.actor("accountant")
    with world.transaction() as db, ThreadPoolExecutor(1) as other:
        first = review(db, world, source(rows))
        second = other.submit(take, world, source([*rows, *clean(1)], "autre.csv"), partial=True)
        assert wait([second], timeout=1).not_done, "the second waits for the first"
        import_register(db, actor=actor, now=clock.now(), review=first)
        db.commit()
        reviewed, _ = second.result(timeout=20)
    assert reviewed.counts == {Status.REFUSED: 2, Status.IMPORTED: 1}


def test_a_review_that_another_import_has_overtaken_is_not_applied(world: World) -> None:
    rows = clean(2)
    with world.transaction() as db:
        early = review(db, world, source([*rows, *clean(1)]))
    take(world, source(rows, "autre.csv"))
    before = weapons_of(world)
    with pytest.raises(Conflict, match=r"register\.store_changed"), world.transaction() as db:
        import_register(db, actor=world.actor("accountant"), now=clock.now(), review=early)
    assert weapons_of(world) == before


def test_another_country_may_import_the_same_file(world: World, new_world: Callable[[str], World]) -> None:
    rows = clean(2)
    take(world, source(rows))
    reviewed, _ = take(new_world("ML"), source(rows))
    assert reviewed.counts == {Status.IMPORTED: 2}, "and learns nothing of the neighbour's weapons"


def test_a_weapon_already_on_the_books_is_flagged_with_its_number(world: World) -> None:
    rows = clean(1)
    _, first = take(world, source(rows))
    number = staged(world, str(first.file_id))[0]["registry_number"]
    reviewed, second = take(world, source([[f" {rows[0][0].lower()}", *rows[0][1:]], *clean(1)]))
    assert [(f.code, f.other) for f in reviewed.rows[0].flags] == [("duplicate.in_register", number)]
    assert [row["status"] for row in staged(world, str(second.file_id))] == ["flagged", "imported"]


def test_a_store_out_of_scope_is_not_found(world: World, new_world: Callable[[str], World]) -> None:
    other = new_world("BF")
    with world.transaction() as db, pytest.raises(NotFound, match=r"store\.not_found"):
        review_register(
            db,
            actor=world.actor("accountant"),
            now=clock.now(),
            source=source(clean(1)),
            mapping_text=MAPPING,
            store_id=other.store_alpha,
        )


@pytest.mark.parametrize(
    ("mapping", "code"),
    [
        (MAPPING.replace("akm-izhevsk-su", "akm-izevsk-su"), "register.mapping_unknown_model"),
        (MAPPING + "[defaults]\noccurred_on = 2999-01-01\n", "register.occurred_in_future"),
    ],
)
def test_a_mapping_that_the_books_contradict_is_refused(world: World, mapping: str, code: str) -> None:
    with world.transaction() as db, pytest.raises(Unacceptable) as caught:
        review(db, world, source(clean(1)), mapping)
    assert caught.value.code == code


@pytest.mark.parametrize("table", ["event", "movement", "register_row", "mark"])
def test_an_import_whose_writing_fails_half_way_leaves_nothing(
    world: World, owner_engine: Engine, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    monkeypatch.setattr(operations, "BATCH", 2)
    before = weapons_of(world)
    rows = clean(5)
    name = f"fail_{new_id().hex}"
    # The trigger fails for the last batch only: everything before it was already written.
    condition = {
        "event": f"position(convert_to('{rows[4][0]}', 'UTF8') in new.canonical) > 0",
        "movement": f"exists (select 1 from weapon w where w.id = new.weapon_id and w.serial = '{rows[4][0]}')",
        "register_row": f"new.raw->>'N°' = '{rows[4][0]}'",
        "mark": f"new.raw = '{rows[4][0]}'",
    }[table]
    with owner_engine.begin() as db:
        run(db, "set local role salw_owner")
        body = f"begin if {condition} then raise exception 'told to fail'; end if; return new; end"
        run(db, f"create function {name}() returns trigger language plpgsql as $${body}$$")
        run(db, f"create trigger {name} before insert on {table} for each row execute function {name}()")
    try:
        with pytest.raises(Exception, match="told to fail"):
            take(world, source(rows))
    finally:
        with owner_engine.begin() as db:
            run(db, "set local role salw_owner")
            run(db, f"drop function {name}() cascade")
    assert weapons_of(world) == before


def test_the_database_itself_refuses_a_second_file_of_one_hash_and_changes_to_a_first(world: World) -> None:
    _, imported = take(world, source(clean(1)))
    columns = (
        "name, sha256, mapping, mapping_sha256, store_id, unit_id, document_id, imported_by, columns, rows, imported, "
        "flagged, refused, blank"
    )
    copy = (
        f"insert into register_file (country, id, {columns}) "
        f"select country, gen_random_uuid(), {columns} from register_file where id = %(id)s"
    )
    for statement, error in (
        (copy, "uq_register_file_country_sha256"),
        ("update register_file set name = 'x' where id = %(id)s", "permission denied"),
        ("delete from register_row where file_id = %(id)s", "permission denied"),
    ):
        with pytest.raises(Exception, match=error), world.transaction() as db:
            run(db, statement, {"id": imported.file_id})


CELL = st.sampled_from(["", " ", "fusil", "jumelles", "AKM", "kalach", "S/N", "1.7E+27", "DEMO-7", "demo 7", "volé"])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.lists(
            CELL | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6),
            min_size=3,
            max_size=5,
        ),
        min_size=1,
        max_size=8,
    )
)
def test_what_the_dry_run_says_is_what_the_real_run_does(world: World, rows: list[list[str]]) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows([HEADINGS, *rows, [new_id().hex, "", "", ""]])
    file = Source("fuzz.csv", out.getvalue().encode(), hashlib.sha256(out.getvalue().encode()).digest())
    with world.transaction() as db:
        said = review(db, world, file)
    kept = [row for row in rows if any(cell.strip() for cell in row)]
    assert len(said.rows) == len(kept) + 1
    if said.counts[Status.REFUSED] == len(said.rows):
        with pytest.raises(Unacceptable, match=r"register\.nothing_to_import"):
            take(world, file, partial=True)
        return
    _, imported = take(world, file, partial=True)
    found = staged(world, str(imported.file_id))
    assert [(r["line"], r["status"], r["flags"]) for r in found] == [
        (row.cells.line, row.status.value, list(dict.fromkeys(f.code for f in row.flags))) for row in said.rows
    ]
    for row, of in zip(found, kept, strict=False):
        assert sorted(row["raw"].values()) == sorted(of), "every cell as it was written"


def test_the_example_of_the_guide_is_what_the_guide_says(world: World, urls: Mapping[str, str], tmp_path: Path) -> None:
    desk = sit_down(world, "accountant", urls, tmp_path)
    file, mapping = EXAMPLES / "registre-exemple.csv", EXAMPLES / "correspondance-exemple.toml"
    dry = desk.register(world, file, mapping, "--dry-run", "--json", "--report", "constats.csv")
    assert dry.returncode == 1, dry.stderr
    said = answered(dry)
    assert [said[k] for k in ("rows", "imported", "flagged", "refused", "written")] == [12, 2, 8, 2, False]
    assert [(r["line"], r["column"], r["value"], r["code"]) for r in said["refusals"]] == [
        (15, "Type d'arme", "jumelles", "register.not_a_weapon"),
        (16, "Type d'arme", "mortier", "register.class_unknown"),
    ]
    with (tmp_path / "constats.csv").open(encoding="utf-8-sig", newline="") as report:
        lines = list(csv.DictReader(report, delimiter=";"))
    assert {"duplicate.in_file", "serial.illegible", "remark.says_gone", "calibre.ambiguous"} <= {
        line["code"] for line in lines
    }
    refused = desk.register(world, file, mapping)
    assert refused.returncode == 1
    assert "Rien n'a été écrit." in refused.stdout
    assert "ligne 15" in refused.stdout
    table = refused.stdout.partition("total")[0]
    assert {code["code"] for code in said["codes"]} <= set(re.findall(r"[a-z_.]+", table)), "no code is cut"
    before = weapons_of(world)
    name = one(world, "select name from store where id = %(id)s", id=world.store_alpha)["name"]
    done = desk.register(world, file, mapping, "--partial", store=name)
    assert done.returncode == 1, done.stderr
    assert "Pris en charge par la pièce n° 000001/" in done.stdout
    assert weapons_of(world) == before + 10
    again = desk.register(world, file, mapping, "--partial")
    assert again.returncode == 1
    assert "[register.same_file]" in again.stderr


def test_clean_rows_end_with_zero_and_faulty_commands_with_two(
    world: World, urls: Mapping[str, str], tmp_path: Path
) -> None:
    desk = sit_down(world, "keeper", urls, tmp_path)
    file, mapping = tmp_path / "r.csv", tmp_path / "m.toml"
    file.write_bytes(source(clean(3)).content)
    mapping.write_text(MAPPING, "utf-8")
    done = desk.register(world, file, mapping, "--json")
    assert (done.returncode, answered(done)["written"]) == (0, True)
    assert desk.register(world, tmp_path / "absent.csv", mapping).returncode == 2
    assert desk.register(world, file, mapping, "--report", "no/such/folder.csv").returncode == 2
    unknown = desk.register(world, file, mapping, store="Armurerie keepr")
    assert unknown.returncode == 1
    assert "«\u00a0Armurerie keeper\u00a0»" in unknown.stderr


def test_who_may_not_register_weapons_may_not_import(world: World, urls: Mapping[str, str], tmp_path: Path) -> None:
    desk = sit_down(world, "armourer", urls, tmp_path)
    file, mapping = tmp_path / "r.csv", tmp_path / "m.toml"
    file.write_bytes(source(clean(1)).content)
    mapping.write_text(MAPPING, "utf-8")
    refused = desk.register(world, file, mapping)
    assert refused.returncode == 1
    assert "[access.not_permitted]" in refused.stderr


def test_a_formula_in_a_cell_is_only_text_in_the_report(world: World, urls: Mapping[str, str], tmp_path: Path) -> None:
    desk = sit_down(world, "keeper", urls, tmp_path)
    file, mapping = tmp_path / "r.csv", tmp_path / "m.toml"
    file.write_bytes(source([["DEMO-9", "=1+1", "", ""]]).content)
    mapping.write_text(MAPPING, "utf-8")
    desk.register(world, file, mapping, "--report", "r_out.csv")
    assert "'=1+1" in (tmp_path / "r_out.csv").read_text("utf-8-sig")


def test_no_file_is_written_over_and_none_is_written_for_nothing(
    world: World, urls: Mapping[str, str], tmp_path: Path
) -> None:
    desk = sit_down(world, "keeper", urls, tmp_path)
    file, mapping = tmp_path / "r.csv", tmp_path / "m.toml"
    content = source(clean(2)).content
    file.write_bytes(content)
    mapping.write_text(MAPPING, "utf-8")
    for option in ("--report", "--refused"):
        over = desk.register(world, file, mapping, option, "r.csv")
        assert (over.returncode, "[program.file_exists]" in over.stderr) == (1, True)
        assert file.read_bytes() == content
    assert desk.register(world, file, mapping, "--report", "x.csv", "--refused", "x.csv").returncode == 2
    wrong = desk.register(world, file, mapping, "--report", "x.csv", store="nulle part")
    assert wrong.returncode == 1
    done = desk.register(world, file, mapping, "--report", "x.csv", "--refused", "y.csv")
    assert done.returncode == 0, done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["m.toml", "r.csv"]


def test_refused_rows_are_written_as_they_were_corrected_and_brought_in_by_the_same_mapping(
    world: World, urls: Mapping[str, str], tmp_path: Path
) -> None:
    desk = sit_down(world, "accountant", urls, tmp_path)
    file, mapping = tmp_path / "r.csv", tmp_path / "m.toml"
    bad = [f" {new_id().hex}", "bidule", "=1+1", 'deux; "lignes"\nà corriger']
    rows = [["ARMURERIE"], [], HEADINGS, *clean(2), bad, ["x"], ["9", "jumelles", "", ""], *clean(1)]
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=";").writerows(rows)
    file.write_text(out.getvalue(), "utf-8")
    mapping.write_text(MAPPING + '[file]\nheader_row = 3\nencoding = "cp1252"\n', "utf-8")
    file.write_bytes(out.getvalue().encode("cp1252"))
    before = weapons_of(world)
    done = desk.register(world, file, mapping, "--partial", "--refused", "refus.csv")
    assert (done.returncode, weapons_of(world) - before) == (1, 3), done.stderr
    written = (tmp_path / "refus.csv").read_bytes().decode("cp1252")
    assert list(csv.reader(io.StringIO(written, newline=""), delimiter=";")) == [
        *rows[:3],
        bad,
        ["x"],
        ["9", "jumelles", "", ""],
    ]
    corrected = [*rows[:3], [bad[0], "fusil", "AKM", bad[3]]]
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=";").writerows(corrected)
    (tmp_path / "refus.csv").write_bytes(out.getvalue().encode("cp1252"))
    again = desk.register(world, tmp_path / "refus.csv", mapping)
    assert (again.returncode, weapons_of(world) - before) == (0, 4), again.stderr


def test_what_acts_on_a_terminal_never_reaches_it(world: World, urls: Mapping[str, str], tmp_path: Path) -> None:
    desk = sit_down(world, "keeper", urls, tmp_path)
    file, mapping = tmp_path / "r.csv", tmp_path / "m.toml"
    file.write_bytes(source([["DEMO-9", "bi\x1b[2Jdule\u202e\x9b", "", ""], ["", "", "", ""]]).content)
    mapping.write_text(MAPPING, "utf-8")
    shown = desk.register(world, file, mapping, "--report", "constats.csv")
    said = desk.register(world, file, mapping, "--json")
    for text in (shown.stdout, shown.stderr, said.stdout, (tmp_path / "constats.csv").read_text("utf-8-sig")):
        assert not {"\x1b", "\u202e", "\x9b"}.intersection(text)
    assert "bi\\x1b[2Jdule\\u202e\\x9b" in " ".join(shown.stdout.split())
    assert answered(said)["refusals"][0]["value"] == "bi\x1b[2Jdule\u202e\x9b"
    assert "et 1 ligne vide" in shown.stdout
    assert "proche" not in shown.stdout, "where nothing comes near, nothing is named"


def test_an_account_that_nobody_can_be_asked_for_is_a_faulty_command(
    world: World, urls: Mapping[str, str], tmp_path: Path
) -> None:
    desk = replace(sit_down(world, "keeper", urls, tmp_path), account="")
    file, mapping = tmp_path / "r.csv", tmp_path / "m.toml"
    file.write_bytes(source(clean(1)).content)
    mapping.write_text(MAPPING, "utf-8")
    told = desk.register(world, file, mapping)
    assert (told.returncode, "SALW_ACCOUNT" in told.stderr) == (2, True)
