"""The oracle: holders, reliefs, assignments, issues and returns."""

import recipes
import writes
from asks import listed, listing, mixed, of, reading, used_id
from oracle.table import DOCUMENT, EMPTY, HOLDER, MIXED, NOMINAL_LIST, PAPER_BOOK, PERSON, STORE, UNIT, WEAPON, Line
from salw.access.rules import Role

LINES: tuple[Line, ...] = (
    # --- entitlements
    Line("PUT /v1/entitlements/{decision_id}", "entitlement:set", recipes.entitle, UNIT),
    Line("GET /v1/entitlements", "report:read", listing("/entitlements", recipes.entitlement), EMPTY),
    # --- holders, assignments, reliefs
    Line("GET /v1/holders", "weapon:read", listing("/holders", lambda s: s.there.post_alpha), EMPTY),
    Line("PUT /v1/holders/{holder_id}", "relief:record", of(writes.open_holder), UNIT),
    Line(
        "PUT /v1/holders/{holder_id}",
        "relief:record",
        mixed(writes.open_holder, recipes.soldier, lambda x: {"answerable": str(x)}),
        PERSON,
        about="answered for by theirs",
        posts=MIXED,
    ),
    Line("POST /v1/holders/{holder_id}/renamings", "relief:record", of(writes.rename_holder), HOLDER),
    Line("POST /v1/holders/{holder_id}/closing", "relief:record", of(writes.close_holder), HOLDER),
    Line("PUT /v1/reliefs/{relief_id}", "relief:record", of(writes.relieve), HOLDER),
    Line(
        "PUT /v1/reliefs/{relief_id}",
        "relief:record",
        mixed(writes.relieve, lambda s: s.there["armourer"].person_id, lambda x: {"incoming": str(x)}),
        PERSON,
        about="by theirs",
        posts=MIXED,
    ),
    Line("GET /v1/handovers", "stocktake:read", listing("/handovers", recipes.handover), EMPTY),
    Line("PUT /v1/assignments/{assignment_id}", "assignment:record", of(writes.assign), PERSON),
    Line("PUT /v1/assignments/{assignment_id}", "assignment:record", of(writes.unassign), WEAPON, about="ended"),
    Line(
        "PUT /v1/assignments/{assignment_id}",
        "assignment:record",
        mixed(writes.assign, recipes.a_weapon, listed),
        WEAPON,
        about="of theirs",
        posts=MIXED,
    ),
    # --- issues and returns
    Line("GET /v1/issues", "weapon:read", recipes.on_issue("/issues"), EMPTY),
    Line("PUT /v1/issues/{issue_id}", "issue:record", of(writes.issue), STORE),
    Line(
        "PUT /v1/issues/{issue_id}",
        "issue:record",
        used_id(writes.issue),
        STORE,
        about="under an id that is used",
        inside={Role.STOREKEEPER: "request.id_reused"},
    ),
    Line(
        "PUT /v1/issues/{issue_id}",
        "issue:record",
        mixed(writes.issue, recipes.a_weapon, listed),
        WEAPON,
        about="of theirs",
        posts=MIXED,
    ),
    Line(
        "PUT /v1/issues/{issue_id}",
        "issue:record",
        mixed(writes.issue, recipes.soldier, lambda x: {"to": {"person": str(x)}}),
        PERSON,
        about="to a person of theirs",
        posts=MIXED,
    ),
    Line(
        "PUT /v1/issues/{issue_id}",
        "issue:record",
        mixed(writes.issue, lambda s: s.there.post_alpha, lambda x: {"to": {"holder": str(x)}}),
        HOLDER,
        about="to a post of theirs",
        posts=MIXED,
    ),
    # --- musters
    Line("PUT /v1/musters/{muster_id}", "muster:record", of(writes.muster), UNIT),
    Line("GET /v1/musters", "stocktake:read", listing("/musters", recipes.made(writes.muster)), EMPTY),
    Line(
        "GET /v1/musters/{muster_id}",
        "stocktake:read",
        reading("/musters/{}", recipes.made(writes.muster)),
        "muster.not_found",
    ),
    Line("GET /v1/unpresented-weapons", "weapon:read", recipes.on_issue("/unpresented-weapons", never=True), EMPTY),
    Line(
        "GET /v1/weapons/{weapon_id}/sightings", "weapon:read", reading("/weapons/{}/sightings", recipes.weapon), WEAPON
    ),
    # --- nominal lists
    Line("GET /v1/nominal-lists", "weapon:read", listing("/nominal-lists", recipes.made(writes.prepare_list)), EMPTY),
    Line(
        "GET /v1/nominal-lists/{list_id}",
        "weapon:read",
        reading("/nominal-lists/{}", recipes.made(writes.prepare_list)),
        NOMINAL_LIST,
    ),
    Line("PUT /v1/nominal-lists/{list_id}", "nominal_list:record", of(writes.prepare_list), STORE),
    Line("POST /v1/nominal-lists/{list_id}/changes", "nominal_list:record", of(writes.change_list), NOMINAL_LIST),
    Line("POST /v1/nominal-lists/{list_id}/issue", "issue:record", of(writes.issue_list), NOMINAL_LIST),
    Line("POST /v1/nominal-lists/{list_id}/return", "return:record", of(writes.return_list), NOMINAL_LIST),
    Line("PUT /v1/returns/{return_id}", "return:record", of(writes.return_), STORE),
    Line(
        "PUT /v1/returns/{return_id}",
        "return:record",
        mixed(writes.return_, recipes.issued_weapon, listed),
        WEAPON,
        about="of theirs",
        posts=MIXED,
    ),
    # --- days on paper
    Line("PUT /v1/paper-books/{book_id}", "paper:record", of(writes.print_book), STORE),
    Line("POST /v1/paper-books/{book_id}/void-lines", "paper:record", of(writes.void_line), PAPER_BOOK),
    Line(
        "GET /v1/paper-books/{book_id}",
        "document:read",
        reading("/paper-books/{}", recipes.made(writes.print_book)),
        PAPER_BOOK,
    ),
    Line("GET /v1/paper-books", "document:read", listing("/paper-books", recipes.made(writes.print_book)), EMPTY),
    Line(
        "PUT /v1/issues/{issue_id}",
        "issue:record",
        mixed(writes.issue, recipes.made(writes.print_book), recipes.on_paper),
        PAPER_BOOK,
        about="on a line of theirs",
        posts=MIXED,
    ),
    # --- numbered documents
    Line("GET /v1/documents/{document_id}", "document:read", reading("/documents/{}", recipes.slip), DOCUMENT),
    Line("GET /v1/documents/{document_id}.pdf", "document:read", reading("/documents/{}.pdf", recipes.slip), DOCUMENT),
    Line("GET /v1/documents", "document:read", recipes.documents, UNIT),
    Line(
        "GET /v1/paper-books/{book_id}/blank.pdf",
        "document:read",
        reading("/paper-books/{}/blank.pdf", recipes.made(writes.print_book)),
        PAPER_BOOK,
    ),
)
