"""The oracle: who exists, who may log in and in which role, and what was refused."""

import access_recipes
import recipes
from asks import listing, searching
from oracle.table import ACCOUNT, EMPTY, ERASURE, MIXED, PERSON, POSTING, UNIT, Line

LINES: tuple[Line, ...] = (
    # --- units, stores and people
    Line("GET /v1/units", "organisation:read", listing("/units", access_recipes.of_unit), EMPTY),
    Line("PUT /v1/units/{unit_id}", "organisation:record", access_recipes.enter_unit, UNIT),
    Line("PUT /v1/stores/{store_id}", "organisation:record", access_recipes.open_store, UNIT),
    Line(
        "PUT /v1/stores/{store_id}",
        "organisation:record",
        access_recipes.open_store_kept_by_theirs,
        PERSON,
        about="kept by theirs",
        posts=MIXED,
    ),
    Line("GET /v1/stores", "organisation:read", listing("/stores", lambda s: s.there.store_alpha), EMPTY),
    Line("GET /v1/people", "organisation:read", listing("/people", recipes.soldier), EMPTY),
    Line(
        "GET /v1/people",
        "organisation:read",
        searching("/people", "matricule", recipes.matricule_of),
        EMPTY,
        about="by matricule",
    ),
    Line("PUT /v1/people/{person_id}", "person:record", access_recipes.enter_person, UNIT),
    Line("POST /v1/people/{person_id}/versions", "person:record", access_recipes.change_person, PERSON),
    Line(
        "POST /v1/people/{person_id}/versions",
        "person:record",
        access_recipes.move_to_theirs,
        UNIT,
        about="to theirs",
        posts=MIXED,
    ),
    # --- accounts
    Line("GET /v1/accounts", "account:read", listing("/accounts", access_recipes.account), EMPTY),
    Line(
        "GET /v1/accounts",
        "account:read",
        access_recipes.of_person("/accounts", "account"),
        EMPTY,
        about="of a person",
    ),
    Line("PUT /v1/accounts/{account_id}", "account:manage", access_recipes.open_account, PERSON),
    *(
        Line(
            f"POST /v1/accounts/{{account_id}}/{act}",
            "account:manage",
            access_recipes.act_on(f"/accounts/{{}}/{act}", thing),
            ACCOUNT,
        )
        for act, thing in (
            ("disabling", access_recipes.account),
            ("enabling", access_recipes.disabled_account),
            ("password-reset", access_recipes.account),
            ("factor-reset", access_recipes.account),
        )
    ),
    # --- postings
    Line("GET /v1/postings", "account:read", listing("/postings", access_recipes.posting), EMPTY),
    Line(
        "GET /v1/postings",
        "account:read",
        access_recipes.of_person("/postings", "posting"),
        EMPTY,
        about="of a person",
    ),
    Line("PUT /v1/postings/{posting_id}", "posting:manage", access_recipes.post, PERSON),
    Line(
        "PUT /v1/postings/{posting_id}",
        "posting:manage",
        access_recipes.post_theirs,
        PERSON,
        about="of a person of theirs",
        posts=MIXED,
    ),
    Line(
        "PUT /v1/postings/{posting_id}",
        "posting:manage",
        access_recipes.post_at_theirs,
        UNIT,
        about="at a unit of theirs",
        posts=MIXED,
    ),
    Line(
        "POST /v1/postings/{posting_id}/end",
        "posting:manage",
        access_recipes.act_on("/postings/{}/end", access_recipes.posting),
        POSTING,
    ),
    # --- erasures
    Line("PUT /v1/erasures/{erasure_id}", "erasure:order", access_recipes.order_erasure, PERSON),
    Line(
        "POST /v1/erasures/{erasure_id}/approval",
        "erasure:approve",
        access_recipes.act_on("/erasures/{}/approval", access_recipes.erasure),
        ERASURE,
    ),
    Line(
        "POST /v1/erasures/{erasure_id}/withdrawal",
        "erasure:order",
        access_recipes.act_on("/erasures/{}/withdrawal", access_recipes.erasure),
        ERASURE,
    ),
    Line("GET /v1/erasures", "erasure:read", listing("/erasures", access_recipes.erasure), EMPTY),
    # --- the trace
    Line("GET /v1/access-attempts", "attempt:read", listing("/access-attempts", access_recipes.attempt), EMPTY),
)
