"""How PostgreSQL goes about what happens for every weapon moved, before anybody has gathered statistics."""

from cluster import Database
from salw.core.db import make_engine, run
from world import build_world

# What PostgreSQL asks for each weapon moved, to see that the movement before led to whom it now leaves.
CHAIN_CHECK = """
prepare chain_check (text, uuid, int, uuid) as
select 1 from only movement x
 where x.country = $1 and x.weapon_id = $2 and x.seq = $3 and x.to_holder_id = $4 for key share of x
"""


def test_the_check_of_the_chain_goes_by_its_key_right_after_a_load(fresh_database: Database) -> None:
    engine = make_engine(fresh_database.urls["salw_app"])
    world = build_world(engine)
    for _ in range(4):
        world.register(500)
    owner = make_engine(fresh_database.urls["postgres"])
    with owner.begin() as db:
        # Without this the test would say nothing: its plan is for a table that nobody has analysed.
        assert run(db, "select from pg_stats where tablename = 'movement'") == []
        run(db, "set local role salw_owner")
        run(db, CHAIN_CHECK)
        run(db, "set local plan_cache_mode = force_generic_plan")
        plan = " ".join(
            row["QUERY PLAN"] for row in run(db, "explain execute chain_check ('BF', uuidv7(), 1, uuidv7())")
        )
    owner.dispose()
    engine.dispose()
    keys = {"pk_movement", "uq_movement_country_weapon_id_seq_to_holder_id"}
    assert sum(f"using {key} " in plan for key in keys) == 1, plan
