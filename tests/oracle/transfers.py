"""The oracle: mutations and destructions."""

import recipes
import writes
from asks import listed, listing, mixed, of, reading
from oracle.table import COUNTRY, DISPOSAL, EMPTY, MIXED, STORE, TRANSFER, WEAPON, Line

LINES: tuple[Line, ...] = (
    # --- transfers
    Line("PUT /v1/transfers/{transfer_id}", "transfer:order", of(writes.order), STORE),
    Line(
        "PUT /v1/transfers/{transfer_id}",
        "transfer:order",
        mixed(writes.order, recipes.a_weapon, listed),
        WEAPON,
        about="of theirs",
        posts=MIXED,
    ),
    # Weapons may be ordered to any store of the country, whoever keeps it; it is only named, and takes them in itself.
    Line(
        "PUT /v1/transfers/{transfer_id}",
        "transfer:order",
        mixed(writes.order, lambda s: recipes.new_store(s.there), lambda x: {"to_store": str(x)}),
        STORE,
        about="to a store of theirs",
        reach=COUNTRY,
        posts=MIXED,
    ),
    Line("POST /v1/transfers/{transfer_id}/approval", "transfer:approve", of(writes.approve), TRANSFER),
    # The receiving side reads a mutation (below) and takes no step of the sender's.
    Line(
        "POST /v1/transfers/{transfer_id}/approval",
        "transfer:approve",
        recipes.step_of_sender,
        TRANSFER,
        about="of what is coming to us",
    ),
    Line("POST /v1/transfers/{transfer_id}/cancellation", "transfer:cancel", of(writes.cancel), TRANSFER),
    Line("POST /v1/transfers/{transfer_id}/dispatch", "transfer:dispatch", of(writes.dispatch), TRANSFER),
    Line("POST /v1/transfers/{transfer_id}/receipt", "transfer:receive", recipes.receipt, TRANSFER),
    Line("GET /v1/transfers", "transfer:read", listing("/transfers", recipes.made(writes.order)), EMPTY),
    Line(
        "GET /v1/transfers/{transfer_id}",
        "transfer:read",
        reading("/transfers/{}", recipes.made(writes.order)),
        TRANSFER,
    ),
    # Both sides read a mutation.
    Line(
        "GET /v1/transfers/{transfer_id}",
        "transfer:read",
        reading("/transfers/{}", lambda s: recipes.last_part(writes.done(s.client, writes.order(s.client, s.pair)))),
        TRANSFER,
        about="that is coming to us",
        reach=COUNTRY,
    ),
    # --- disposals
    Line("PUT /v1/disposals/{disposal_id}", "disposal:propose", of(writes.propose), STORE),
    Line(
        "PUT /v1/disposals/{disposal_id}",
        "disposal:propose",
        mixed(writes.propose, recipes.a_weapon, listed),
        WEAPON,
        about="of theirs",
        posts=MIXED,
    ),
    Line("POST /v1/disposals/{disposal_id}/approval", "disposal:approve", of(writes.destroy), DISPOSAL),
    Line(
        "GET /v1/disposals/{disposal_id}",
        "disposal:read",
        reading("/disposals/{}", recipes.made(writes.propose)),
        DISPOSAL,
    ),
)
