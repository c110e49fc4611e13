"""What happened in the invented armies: labels, issues, transfers, losses, recoveries, checks."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, Engine

from salw.access.duties.operations import grant_derogation
from salw.access.duties.rules import Duty
from salw.core.actor import Actor
from salw.core.ids import new_id
from salw.custody.operations.disposals import approve_disposal, propose_disposal
from salw.custody.operations.issues import issue_weapons, return_weapons
from salw.custody.operations.moves import Order
from salw.custody.operations.transfer_receipts import receive_transfer
from salw.custody.operations.transfers import approve_transfer, dispatch_transfer, order_transfer
from salw.custody.rules import DisposalMethod, Expected
from salw.incidents.operations.opening import open_incident
from salw.incidents.operations.outcomes import settle_incident
from salw.incidents.operations.recovery import record_retrieval
from salw.incidents.rules import Cause, IncidentKind, LossLine, Outcome, OutcomeKind, Report
from salw.registry.operations import make_labels
from salw.registry.rules import LABELS_MAX
from salw_cli.demo_data.army import Army, Store, inside, unit_uuid
from salw_cli.demo_data.source import SeededSource

LABELLED_STORES = 0.55
LOSSES = 0.008  # of all weapons, within the 0.3 to 1 percent a year that are known from elsewhere
RECOVERED = 0.15
KEPT_AFTER_A_LOSS = 4
ARMED_FOR_GOOD = 4  # soldiers of each store who have a weapon of their own
MASS_LOSS_MOST = 80
_SMALL_LOSSES = (
    (IncidentKind.LOST, Cause.UNEXPLAINED),
    (IncidentKind.STOLEN, Cause.THEFT),
    (IncidentKind.ABANDONED, Cause.WITHDRAWAL),
)


class Life:
    """Lets things happen in one army, as the people whose business they are."""

    def __init__(self, engine: Engine, army: Army, now: datetime, source: SeededSource) -> None:
        self.engine = engine
        self.army = army
        self.now = now
        self.chance = source.chance

    def label_and_issue(self, store: Store) -> None:
        """Label the weapons of the first store and of about half the others; issue about a third of every store's.

        The second is left without: the README has its labels made.
        """
        first, second, *_ = self.army.stores
        if store is first or (self.chance.random() < LABELLED_STORES and store is not second):
            self._label(store)
        self.chance.shuffle(store.weapons)
        third = len(store.weapons) // 3
        single = min(ARMED_FOR_GOOD, third // 2)
        task = (third - single) // 2
        with self.engine.begin() as db:
            inside(db, store.keeper)
            for person in store.soldiers[:single]:
                own = store.take(1, carried=True)
                self._issue(db, store, own, person=person, days_ago=self.chance.randint(30, 900))
            if task:
                # Guard turns are short: one is overdue, which is what the next morning's list is for.
                overdue = self.chance.random() < 0.2 and store is not first
                due_in = timedelta(hours=-20 if overdue else 30)
                self._issue(db, store, store.take(task), post=True, due_in=due_in, days_ago=2)
                away = store.take(third - single - task)
                self._issue(db, store, away, post=False, days_ago=self.chance.randint(3, 60))
                back = away[: -(-len(away) // 4)]
                self._return(db, store, back)

    def _label(self, store: Store) -> None:
        for begin in range(0, len(store.weapons), LABELS_MAX):
            with self.engine.begin() as db:
                make_labels(
                    inside(db, store.keeper),
                    actor=store.keeper,
                    now=self.now,
                    batch_id=new_id(),
                    weapon_ids=[w.weapon_id for w in store.weapons[begin : begin + LABELS_MAX]],
                    stock="a4-weapon-20mm",
                    start=0,
                    copies=1,
                    replace_reason=None,
                )

    def _issue(
        self,
        db: Connection,
        store: Store,
        weapons: Sequence[Expected],
        *,
        days_ago: int,
        person: UUID | None = None,
        post: bool | None = None,
        due_in: timedelta | None = None,
    ) -> None:
        if not weapons:
            return
        holder = None if post is None else store.post if post else store.detachment
        issue_weapons(
            db,
            actor=store.keeper,
            now=self.now,
            issue_id=new_id(),
            store_id=store.id,
            person_id=person,
            holder_id=holder,
            due_back_at=self.now + due_in if due_in else None,
            occurred_at=self.now - timedelta(days=days_ago),
            weapons=weapons,
            order=Order(),
        )

    def _return(self, db: Connection, store: Store, weapons: Sequence[Expected]) -> None:
        if not weapons:
            return
        return_weapons(
            db,
            actor=store.keeper,
            now=self.now,
            return_id=new_id(),
            store_id=store.id,
            occurred_at=self.now - timedelta(days=1),
            weapons=[Expected(w.weapon_id, w.version + 1) for w in weapons],
            order=Order(),
        )
        # First in the rack, and so the last to be sent off: on papers of weeks ago, what came back yesterday was out.
        store.weapons[:0] = [Expected(w.weapon_id, w.version + 2) for w in weapons]

    def work_under_derogation(self) -> None:
        """Let the third store, a small post, work under a derogation: its keeper draws his own weapon himself."""
        store, above = self.army.stores[2], self.army.heads["AT"]
        with self.engine.begin() as db:
            grant_derogation(
                inside(db, above),
                actor=above,
                now=self.now,
                derogation_id=new_id(),
                unit_uuid=unit_uuid(db, above, store.unit_id),
                duty=Duty.GIVER_RECEIVER,
                reference="Note d'essai n° 7",
                dated_on=above.today - timedelta(days=30),
                first_day=above.today - timedelta(days=30),
                last_day=above.today + timedelta(days=150),
            )
            if store.weapons:
                self._issue(
                    inside(db, store.keeper),
                    store,
                    [store.weapons.pop()],
                    person=store.keeper.person_id,
                    days_ago=1,
                )

    def move_between_stores(self) -> None:
        """Make three transfers: one received with a shortfall, one under way, one overdue."""
        army = [store for store in self.army.stores if store.force_code == "AT"]
        self._transfer(army[0], army[1], days_ago=20, days_given=12, received=0.9)
        self._transfer(army[0], army[2], days_ago=3, days_given=10, received=0)
        self._transfer(army[0], army[1], days_ago=15, days_given=7, received=0)

    def _transfer(self, source: Store, target: Store, *, days_ago: int, days_given: int, received: float) -> None:
        if len(source.weapons) < 6:
            return
        then = self.now - timedelta(days=days_ago)
        weapons = [source.weapons.pop() for _ in range(min(10, len(source.weapons) // 4))]
        moved = [Expected(w.weapon_id, w.version + 1) for w in weapons]
        transfer = new_id()
        # The events say the instant at which they are recorded, which `salw ledger verify` holds them to: only the
        # papers are of an earlier day. An order that is overdue at once is refused to people of today, so the three
        # who make it out act as on its day; nothing else of theirs is taken back.
        orderer = _on(self.army.orderer, then)
        with self.engine.begin() as db:
            order_transfer(
                inside(db, orderer),
                actor=orderer,
                now=self.now,
                transfer_id=transfer,
                from_store_id=source.id,
                to_store_id=target.id,
                due_on=(then + timedelta(days=days_given)).date(),
                weapons=weapons,
                order=Order(),
            )
            approver = _on(source.commander, then)
            approve_transfer(inside(db, approver), actor=approver, now=self.now, transfer_id=transfer)
            sender = _on(source.keeper, then)
            dispatch_transfer(
                inside(db, sender),
                actor=sender,
                now=self.now,
                transfer_id=transfer,
                request_id=new_id(),
                weapons=weapons,
                occurred_at=then,
                order=Order(),
            )
        arrived = moved[: round(len(moved) * received)]
        if not arrived:
            return
        with self.engine.begin() as db:
            receive_transfer(
                inside(db, target.keeper),
                actor=target.keeper,
                now=self.now,
                transfer_id=transfer,
                request_id=new_id(),
                weapons=arrived,
                complete=True,
                occurred_at=then + timedelta(days=days_given - 1),
                order=Order(),
            )
        target.weapons += [Expected(w.weapon_id, w.version + 1) for w in arrived]

    def destroy_some(self) -> None:
        """Destroy a few weapons of the second store, proposed by one officer and approved by another."""
        store = self.army.stores[1]
        weapons = [store.weapons.pop() for _ in range(min(5, len(store.weapons) // 4))]
        if not weapons:
            return
        disposal = new_id()
        with self.engine.begin() as db:
            propose_disposal(
                inside(db, self.army.orderer),
                actor=self.army.orderer,
                now=self.now,
                disposal_id=disposal,
                store_id=store.id,
                method=DisposalMethod.CUTTING,
                place="Atelier d'essai",
                authority="Décision d'essai n° 1",
                weapons=weapons,
            )
            approve_disposal(
                inside(db, store.commander),
                actor=store.commander,
                now=self.now,
                disposal_id=disposal,
                request_id=new_id(),
                weapons=weapons,
                occurred_at=self.now - timedelta(days=1),
                order=Order(),
            )

    def lose_and_recover(self, weapons_in_country: int) -> None:
        """Lose weapons as they are lost: many at once, a few alone; and get some of them back."""
        target = max(3, round(weapons_in_country * LOSSES))
        stores = self.army.stores[3:] or self.army.stores
        lost = self._lose(
            self._with_some_to_lose(stores),
            min(MASS_LOSS_MOST, max(2, target * 2 // 3)),
            IncidentKind.TAKEN_BY_ENEMY,
            Cause.IN_ACTION,
        )
        while len(lost) < target:
            kind, cause = self.chance.choice(_SMALL_LOSSES)
            left = target - len(lost)
            count = self.chance.randint(20, MASS_LOSS_MOST) if left > 2 * MASS_LOSS_MOST else self.chance.randint(1, 3)
            more = self._lose(self._with_some_to_lose(stores), min(left, count), kind, cause)
            if not more:
                break
            lost += more
        self._recover(lost)
        self._report_by_count(stores[-1])

    def _with_some_to_lose(self, stores: Sequence[Store]) -> Store:
        """Return one of the stores that keep something after a loss; of small armies few have so much."""
        return self.chance.choice([s for s in stores if len(s.weapons) > KEPT_AFTER_A_LOSS] or list(stores))

    def _lose(self, store: Store, count: int, kind: IncidentKind, cause: Cause) -> list[tuple[Store, Expected]]:
        count = min(count, len(store.weapons) - KEPT_AFTER_A_LOSS)
        weapons = [store.weapons.pop() for _ in range(count)]
        if not weapons:
            return []
        report = Report(
            id=new_id(),
            kind=kind,
            unit_id=store.unit_id,
            occurred_at=self.now - timedelta(days=self.chance.randint(4, 40)),
            reported_at=self.now - timedelta(days=3),
            cause=cause,
            place="Lieu d'essai",
            circumstances="Données de démonstration : rien de tout cela n'a eu lieu.",
        )
        with self.engine.begin() as db:
            open_incident(
                inside(db, store.keeper), actor=store.keeper, now=self.now, report=report, weapons=weapons, lines=()
            )
            settle_incident(
                inside(db, store.commander),
                actor=store.commander,
                now=self.now,
                incident_id=report.id,
                outcome=Outcome(new_id(), OutcomeKind.WRITTEN_OFF, cause=cause),
                weapons=weapons,
                withdrawals=(),
                occurred_at=self.now,
                order=Order(),
            )
        return [(store, Expected(w.weapon_id, w.version + 1)) for w in weapons]

    def _recover(self, lost: Sequence[tuple[Store, Expected]]) -> None:
        if not lost:  # stores of a few weapons have none to lose
            return
        back = self.chance.sample(list(lost), max(1, round(len(lost) * RECOVERED)))
        for store in {s.id: s for s, _ in back}.values():
            weapons = [w for s, w in back if s is store]
            report = Report(
                id=new_id(),
                kind=IncidentKind.RETRIEVED,
                unit_id=store.unit_id,
                occurred_at=self.now - timedelta(days=2),
                reported_at=self.now - timedelta(days=1),
                place="Lieu d'essai",
            )
            with self.engine.begin() as db:
                record_retrieval(
                    inside(db, store.keeper),
                    actor=store.keeper,
                    now=self.now,
                    report=report,
                    store_id=store.id,
                    weapons=weapons,
                    order=Order(),
                )
            store.weapons += [Expected(w.weapon_id, w.version + 1) for w in weapons]

    def _report_by_count(self, store: Store) -> None:
        """Report a loss of which only the number is known yet; the case stays open."""
        report = Report(
            id=new_id(),
            kind=IncidentKind.LOST,
            unit_id=store.unit_id,
            occurred_at=self.now - timedelta(days=2),
            reported_at=self.now - timedelta(days=1),
            cause=Cause.IN_ACTION,
            place="Lieu d'essai",
        )
        with self.engine.begin() as db:
            open_incident(
                inside(db, store.commander),
                actor=store.commander,
                now=self.now,
                report=report,
                weapons=(),
                lines=[LossLine(new_id(), "akm-izhevsk-su", None, 3)],
            )


def _on(actor: Actor, then: datetime) -> Actor:
    """Return an actor on an earlier day."""
    return replace(actor, today=then.date())
