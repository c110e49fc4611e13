"""The day of the first store of an invented army: who may draw, what is out and late, what waits for somebody."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Engine

from salw.core.actor import Actor
from salw.core.db import run
from salw.core.ids import new_id
from salw.custody.acknowledgements.operations.recording import record_acknowledgement
from salw.custody.acknowledgements.rules import Acknowledged, AcknowledgementKind
from salw.custody.authorisations.operations.granting import give_authorisations, record_contracts
from salw.custody.authorisations.operations.suspensions import suspend
from salw.custody.authorisations.rules import ContractKind, SuspensionReason
from salw.custody.declarations.rules import Declared, DeclaredKind
from salw.custody.entitlements.operations import Entitled, set_entitlements
from salw.custody.issued.queries import list_issued
from salw.custody.issued.rules import IssuedState
from salw.custody.musters.operations import hold_muster
from salw.custody.musters.rules import Said, Seen, Told
from salw.custody.nominal_lists.operations.issues import issue_from_list
from salw.custody.nominal_lists.operations.lists import Wish, prepare_list
from salw.custody.operations.assignments import assign_weapons
from salw.custody.operations.issues import issue_weapons, return_weapons
from salw.custody.operations.moves import Order
from salw.custody.rules import Expected
from salw.registry.condition.rules import Condition
from salw.registry.labels.operations.making import reserve_blanks
from salw_cli.demo_data.army import GUARD, Army, Store, inside, unit_uuid
from salw_cli.demo_data.life import ARMED_FOR_GOOD

KEPT = 4  # weapons that stay in the store, whatever is issued: its check counts some
BLANKS = 120
MUSTERED = 12


class Armoury:
    """Lets a day pass in the first store, as its keeper and its commander; who has no weapon for good stands guard."""

    def __init__(self, engine: Engine, army: Army, now: datetime) -> None:
        self.engine = engine
        self.army = army
        self.now = now
        self.store: Store = army.stores[0]
        self.men = self.store.soldiers[ARMED_FOR_GOOD:]

    def pass_a_day(self) -> None:
        """Put on record who may draw, then issue, return and muster, and prepare the next morning."""
        free = max(0, len(self.store.weapons) - KEPT)  # of a small demonstration little is left to issue
        drawn = self.store.take(min(GUARD, free // 2, len(self.men) - 4), carried=True)
        guard = len(drawn)
        self._entitle(self.army.stores[:2])
        self._let_draw()
        self._draw_from_list(self.men[:guard], drawn)
        single = self.store.take(3, carried=True) if free > guard + 3 else []
        if len(single) == 3:
            late, excused, unfit = single
            self._issue(self.men[-1], late, hours_ago=23, due_in=-11)
            self._issue(self.men[-2], excused, hours_ago=2, due_in=8, override="Patrouille d'essai, sur ordre")
            self._bring_back_unfit(self.men[-4], unfit)
        self._withdraw(self.men[-3])
        self._muster()
        self._prepare_tomorrow([*self.men[: guard // 2], self.men[-3]])
        self._reserve_labels()

    def _entitle(self, stores: Iterable[Store]) -> None:
        """Fix what two units ought to have: a little more than they hold of the models they hold most of."""
        orderer = self.army.orderer
        for store in stores:
            with self.engine.begin() as db:
                inside(db, orderer)
                models = run(db, _MODELS, {"country": orderer.country, "unit": store.unit_id})
                set_entitlements(
                    db,
                    actor=orderer,
                    now=self.now,
                    decision_id=new_id(),
                    unit_uuid=unit_uuid(db, orderer, store.unit_id),
                    from_day=orderer.today - timedelta(days=300),
                    to_day=None,
                    reference="TED d'essai n° 12",
                    dated_on=orderer.today - timedelta(days=310),
                    lines=[Entitled(row["held"] + 2, row["model"], None) for row in models],
                )

    def _let_draw(self) -> None:
        """Authorise the men, but for one whose contract begins later; of an auxiliary the contract ends soon."""
        commander = self.store.commander
        today = commander.today
        auxiliary, later = self.store.soldiers[0], self.men[-2]
        with self.engine.begin() as db:
            inside(db, commander)
            give_authorisations(
                db,
                actor=commander,
                now=self.now,
                people=[man for man in self.store.soldiers if man != later],
                covers=None,
                first_day=today - timedelta(days=90),
                last_day=today + timedelta(days=275),
                reference="Note d'essai n° 41",
            )
            for man, first in ((auxiliary, today - timedelta(days=353)), (later, today + timedelta(days=5))):
                record_contracts(
                    db,
                    actor=commander,
                    now=self.now,
                    people=[man],
                    kind=ContractKind.AUXILIARY,
                    first_day=first,
                    last_day=first + timedelta(days=364),
                    reference="Contrat d'essai",
                )

    def _draw_from_list(self, men: Sequence[UUID], weapons: Sequence[Expected]) -> None:
        """Issue the morning's list, acknowledged by half of the men before the armourer."""
        if not men:
            return
        keeper, slip, paper = self.store.keeper, new_id(), new_id()
        pairs = list(zip(men, weapons, strict=True))
        self._prepare(paper, "Garde d'essai du jour", pairs, due_in=9)
        with self.engine.begin() as db:
            issue_from_list(
                inside(db, keeper),
                actor=keeper,
                now=self.now,
                issue_id=slip,
                list_id=paper,
                occurred_at=self.now - timedelta(hours=3),
                weapons=weapons,
                instead={},
                absent=(),
                newcomers=(),
                order=Order(),
                declared=[
                    Declared(DeclaredKind.MAGAZINE, None, 2 * len(men)),
                    Declared(DeclaredKind.ROUNDS, "7,62 × 39 mm", 60 * len(men)),
                ],
            )
            for man in men[::2]:
                said = Acknowledged(
                    new_id(), man, AcknowledgementKind.WITNESS, witness_id=self.store.armourer.person_id
                )
                record_acknowledgement(db, actor=keeper, now=self.now, slip_id=slip, acknowledged=said)

    def _issue(self, man: UUID, weapon: Expected, *, hours_ago: int, due_in: int, override: str | None = None) -> None:
        keeper = self.store.keeper
        with self.engine.begin() as db:
            issue_weapons(
                inside(db, keeper),
                actor=keeper,
                now=self.now,
                issue_id=new_id(),
                store_id=self.store.id,
                person_id=man,
                holder_id=None,
                due_back_at=self.now + timedelta(hours=due_in),
                occurred_at=self.now - timedelta(hours=hours_ago),
                weapons=[weapon],
                order=Order(),
                override=override,
            )

    def _bring_back_unfit(self, man: UUID, weapon: Expected) -> None:
        """Let a weapon go out and come back to be repaired."""
        keeper = self.store.keeper
        self._issue(man, weapon, hours_ago=26, due_in=-14)
        with self.engine.begin() as db:
            return_weapons(
                inside(db, keeper),
                actor=keeper,
                now=self.now,
                return_id=new_id(),
                store_id=self.store.id,
                occurred_at=self.now - timedelta(hours=15),
                weapons=[Expected(weapon.weapon_id, weapon.version + 1)],
                order=Order(),
                conditions={weapon.weapon_id: Condition.TO_REPAIR},
            )
        self.store.weapons.append(Expected(weapon.weapon_id, weapon.version + 2))

    def _withdraw(self, man: UUID) -> None:
        commander = self.store.commander
        with self.engine.begin() as db:
            suspend(
                inside(db, commander),
                actor=commander,
                now=self.now,
                suspension_id=new_id(),
                person_id=man,
                reason=SuspensionReason.MEDICAL,
                text="Données de démonstration : rien de tout cela n'a eu lieu.",
            )

    def _muster(self) -> None:
        """Muster what is out for good: most of it seen, one reported by radio, one not presented."""
        commander = self.store.commander
        with self.engine.begin() as db:
            inside(db, commander)
            held = list_issued(
                db, commander, state=IssuedState.PERMANENT, holder=None, now=self.now, after=None, limit=MUSTERED
            )
            radio, missing, *seen = [row["weapon"] for row in held]
            hold_muster(
                db,
                actor=commander,
                now=self.now,
                muster_id=new_id(),
                unit=unit_uuid(db, commander, self.store.unit_id),
                holder_id=None,
                held_at=self.now - timedelta(hours=20),
                said=[
                    Said(
                        radio,
                        told=Told.RADIO,
                        reported_by=self.store.armourer.person_id,
                        reported_at=self.now - timedelta(hours=21),
                    ),
                    Said(missing),
                    *(Said(weapon, seen=Seen.SERIAL) for weapon in seen),
                ],
                rest_not_presented=False,
            )

    def _prepare_tomorrow(self, men: Sequence[UUID]) -> None:
        """Give each man of the next morning a weapon of his own from the rack, and write them on a list."""
        pairs = list(zip(men, [w for w in self.store.weapons if w.weapon_id in self.store.carried], strict=False))
        keeper = self.store.keeper
        for man, weapon in pairs:
            with self.engine.begin() as db:
                assign_weapons(
                    inside(db, keeper),
                    actor=keeper,
                    now=self.now,
                    assignment_id=new_id(),
                    person_id=man,
                    holder_id=None,
                    weapons=[weapon],
                )
        if pairs:
            self._prepare(new_id(), "Garde d'essai de demain", pairs, due_in=36)

    def _prepare(self, paper: UUID, title: str, pairs: Iterable[tuple[UUID, Expected]], *, due_in: int) -> None:
        keeper: Actor = self.store.keeper
        with self.engine.begin() as db:
            prepare_list(
                inside(db, keeper),
                actor=keeper,
                now=self.now,
                list_id=paper,
                store_id=self.store.id,
                title=title,
                due_back_at=self.now + timedelta(hours=due_in),
                of_unit=None,
                wishes=[Wish(man, None, weapon.weapon_id) for man, weapon in pairs],
            )

    def _reserve_labels(self) -> None:
        keeper = self.store.keeper
        with self.engine.begin() as db:
            reserve_blanks(
                inside(db, keeper),
                actor=keeper,
                now=self.now,
                batch_id=new_id(),
                store_id=self.store.id,
                count=BLANKS,
                stock="a4-weapon-20mm",
                start=0,
                copies=2,
            )


_MODELS = """
select w.model_code as model, count(*) as held
  from custody c
  join weapon w on (w.country, w.id) = (c.country, c.weapon_id)
 where c.country = %(country)s and c.unit_id = %(unit)s and w.model_code is not null
 group by 1 order by 2 desc, 1 limit 8
"""
