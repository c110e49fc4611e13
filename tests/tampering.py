"""A sealed register that a superuser tampers with, and its rows put back afterwards."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine

from cluster import Database
from reporting import unit_uuid
from salw.access.operations.person_changes import change_person
from salw.access.person_rules import PersonChange
from salw.core import clock
from salw.core.db import make_engine, run
from salw.core.ids import new_id
from salw.custody.operations.issues import issue_weapons, return_weapons
from salw.custody.operations.moves import Order
from salw.custody.rules import Expected
from salw.documents.files.operations import keep_file
from salw.documents.files.stripping import Kept
from salw.ledger.leading import Sealer
from salw.ledger.sealing import list_heads, seal
from salw.maintenance.operations.reforms import decide_reform, propose_reform
from salw.maintenance.operations.works import PartFound, record_findings, record_work
from salw.maintenance.rules import PartName, PartOutcome, ReformKind, Work
from salw.proofs.verification.trust import Outside, Trust, read_outside
from salw.proofs.verification.verifying import Verification
from salw.registry.condition.rules import Condition
from sealing import make_sealer, seal_now
from verifying import verify_now
from world import World, build_world

HASHED = "ck_event_leaf_hash_is_of_canonical"
IS_HASHED = r"leaf_hash = sha256('\x00'::bytea || canonical)"
BF_LOG = "registre.example/bf/2026"
TABLES = (
    "event", "event_queue", "leaf", "log", "log_key", "tile", "checkpoint", "cosignature", "movement", "custody",
    "weapon", "weapon_fitness", "holder", "passage", "personal_value", "document", "person", "sealing_halt", "snapshot",
    "witnessed", "month_end", "file", "person_version",
)  # fmt: skip


@dataclass
class Register:
    """One country's register with its seals, and who may look at it or tamper with it."""

    urls: Mapping[str, str]
    engines: dict[str, Engine]
    world: World
    sealer: Sealer
    folder: Path

    @property
    def superuser(self) -> Engine:
        return self.engines["postgres"]

    def verify(self, *, trust: Trust | None = None, given: tuple[Outside, ...] = ()) -> Verification:
        return verify_now(self.engines["salw_auditor"], self.folder, trust=trust, given=given)

    def seal(self) -> None:
        seal_now(self.engines["salw_sequencer"], self.sealer)

    def as_superuser(self, *statements: str, **values: Any) -> None:
        """Execute statements that no trigger, no foreign key and no check of bytes stands in the way of."""
        with self.superuser.begin() as db:
            run(db, "set local session_replication_role = replica")
            run(db, f"alter table event drop constraint {HASHED}")
            for statement in statements:
                run(db, statement, values)
            # As whoever tampers would leave it; what it forbids is recomputed.
            run(db, f"alter table event add constraint {HASHED} check ({IS_HASHED}) not valid")

    def on_paper(self) -> Outside:
        """Return the newest checkpoint as an auditor took it with him."""
        return read_outside(self.sealer.published.path_of(BF_LOG).read_bytes(), "papier", given=True)

    def rebuild(self) -> None:
        """Make tree, checkpoints and the published file anew over the leaves as they are, with the real key."""
        self.as_superuser("delete from tile where country = 'BF'", "delete from checkpoint where country = 'BF'")
        self.sealer.published.path_of(BF_LOG).unlink()
        with self.engines["salw_sequencer"].connect() as db:
            head = list_heads(db, "BF")[0]
            db.rollback()
            seal(db, head, self.sealer.signers_of("BF"), self.sealer.published, self.sealer.now)

    def one(self, sql: str, **values: Any) -> Any:
        """Return the first column of the first row."""
        with self.superuser.begin() as db:
            return next(iter(run(db, sql, values)[0].values()))

    @contextmanager
    def put_back(self) -> Iterator[None]:
        """Put every row and the published checkpoints back as they were."""
        published = self.sealer.published
        kept = published.path_of(BF_LOG).read_bytes()
        try:
            yield
        finally:
            for path in published.folder.iterdir():
                path.unlink()
            published.path_of(BF_LOG).write_bytes(kept)
            with self.superuser.begin() as db:
                run(db, "set local session_replication_role = replica")
                for table in TABLES:
                    _restore(db, table)


def make_register(database: Database, folder: Path) -> Register:
    """Build a register of 270 weapons, some of which moved, sealed in a few steps; two wait in the queue."""
    roles = ("salw_app", "salw_sequencer", "salw_auditor", "postgres")
    engines = {role: make_engine(database.urls[role]) for role in roles}
    world = build_world(engines["salw_app"])
    register = Register(database.urls, engines, world, make_sealer(folder), folder)
    register.seal()
    weapons = world.register(262)
    keep_pages(world)
    register.seal()
    issue(world, weapons[:4])
    register.seal()
    give_back(world, [Expected(w.weapon_id, 2) for w in weapons[:2]])
    look_at(world, weapons[10:])
    promote(world)
    world.register(4)
    register.seal()
    world.register(2)
    with register.superuser.begin() as db:
        run(db, "create schema kept")
        for table in TABLES:
            run(db, f"create table kept.{table} as table {table}")
    return register


def promote(world: World) -> None:
    """Give Alpha's armourer another rank and another number."""
    person_id = world["armourer"].person_id
    with world.transaction() as db:
        change_person(
            db,
            actor=world.founder,
            now=clock.now(),
            person_id=person_id,
            seen=run(db, "select value_id from person where id = %(id)s", {"id": person_id})[0]["value_id"],
            reason=PersonChange.PROMOTION,
            force_code="AT",
            unit_uuid=UUID(unit_uuid(world, world.alpha)),
            matricule=None,
            rank="ADJ",
            family_name="ESSAI-ARMOURER",
            given_names="Personne",
            sex=None,
        )


def keep_pages(world: World) -> None:
    """Keep two signed pages of Alpha."""
    with world.transaction() as db:
        for page in (b"1", b"2"):
            kept = Kept("application/pdf", b"%PDF-1.7\n" + page)
            keep_file(
                db, actor=world.actor("keeper"), now=clock.now(), file_id=new_id(), unit_id=world.alpha, kept=kept
            )


def issue(world: World, weapons: list[Expected]) -> None:
    """Issue weapons of Alpha's store to a soldier."""
    now = clock.now()
    with world.transaction() as db:
        issue_weapons(
            db,
            actor=world.actor("keeper"),
            now=now,
            issue_id=new_id(),
            store_id=world.store_alpha,
            person_id=world["soldier"].person_id,
            holder_id=None,
            due_back_at=None,
            occurred_at=now,
            weapons=weapons,
            order=Order(),
        )


def give_back(world: World, weapons: list[Expected]) -> None:
    """Take weapons back into Alpha's store."""
    now = clock.now()
    with world.transaction() as db:
        return_weapons(
            db,
            actor=world.actor("keeper"),
            now=now,
            return_id=new_id(),
            store_id=world.store_alpha,
            occurred_at=now,
            weapons=weapons,
            order=Order(),
            conditions={weapons[0].weapon_id: Condition.TO_CLEAN},
        )


def look_at(world: World, weapons: list[Expected]) -> None:
    """Repair a weapon of Alpha's, find a strange part on another, and propose two for reform, of which one remains."""
    actor, now = world.actor("keeper"), clock.now()
    with world.transaction() as db:
        repair(db, world, weapons[:1], Condition.UNSERVICEABLE)
        found = [PartFound(weapons[1], PartName.BOLT, PartOutcome.DIFFERS, "A 7781")]
        record_findings(db, actor=actor, now=now, finding_id=new_id(), found_at=now, found=found)
        reform_id, worn = new_id(), [w.weapon_id for w in weapons[2:4]]
        propose_reform(
            db,
            actor=actor,
            now=now,
            reform_id=reform_id,
            kind=ReformKind.TECHNICAL,
            reason="Canon usé",
            weapons=weapons[2:4],
        )
        decide_reform(
            db,
            actor=world.actor("commander"),
            now=now,
            reform_id=reform_id,
            accepted=worn[:1],
            refused=worn[1:],
            reason="Une seule est hors d'usage",
        )


def mend(world: World, weapons: list[Expected]) -> None:
    """Repair weapons so that they serve again."""
    with world.transaction() as db:
        repair(db, world, weapons, Condition.SERVICEABLE)


def repair(db: Connection, world: World, weapons: list[Expected], result: Condition) -> None:
    """Work on weapons of Alpha's, and say what came of it."""
    now = clock.now()
    record_work(
        db,
        actor=world.actor("keeper"),
        now=now,
        work_id=new_id(),
        work=Work.REPAIR,
        result=result,
        done_at=now,
        done_by=None,
        note="Percuteur cassé",
        weapons=weapons,
    )


def _restore(db: Connection, table: str) -> None:
    columns = ", ".join(
        row["name"]
        for row in run(
            db,
            "select attname as name from pg_attribute where attrelid = %(t)s::regclass and attnum > 0 "
            "and attgenerated = '' and not attisdropped",
            {"t": table},
        )
    )
    run(db, f"delete from {table}")
    run(db, f"insert into {table} ({columns}) overriding system value select {columns} from kept.{table}")


Tamper = Callable[[Register], None]
