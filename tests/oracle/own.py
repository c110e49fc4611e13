"""The oracle: what is one's own and nobody else's, be he above one. Whose place it is makes no difference."""

import own_recipes
import recipes
from asks import listing, plain
from oracle.table import ANYWHERE, EMPTY, FACTOR, TOKEN, Line

_OWN = "session:own"
# Costs a password hash or a wait for a code each time: asked at one post, for the post makes no difference either.
_ONCE = ("unit",)
_WRONG = "401 session.wrong_proof"
_TOTP = {"id": "", "name": "Téléphone d'essai"}

LINES: tuple[Line, ...] = (
    # --- sessions
    Line("POST /v1/sessions", None, recipes.wrong_password, "401 session.wrong_credentials"),
    Line("GET /v1/sessions", _OWN, own_recipes.sessions, EMPTY, personal=True),
    Line("DELETE /v1/sessions", _OWN, own_recipes.by_double("DELETE", "/sessions"), ANYWHERE),
    Line("DELETE /v1/sessions/current", _OWN, own_recipes.by_double("DELETE", "/sessions/current"), ANYWHERE),
    Line("DELETE /v1/sessions/{session_id}", _OWN, own_recipes.end_own, ANYWHERE),
    Line("DELETE /v1/sessions/{session_id}", _OWN, own_recipes.end_theirs, EMPTY, about="of theirs", personal=True),
    Line("GET /v1/me", _OWN, plain("GET", "/me"), ANYWHERE),
    Line("POST /v1/me/password", _OWN, own_recipes.change_password, ANYWHERE, posts=_ONCE),
    # --- second factors
    Line("GET /v1/factors", _OWN, own_recipes.factors, EMPTY, personal=True),
    Line("POST /v1/factors/totp", _OWN, own_recipes.by_double("POST", "/factors/totp", _TOTP), ANYWHERE),
    Line("POST /v1/factors/{factor_id}/confirmation", _OWN, own_recipes.confirm_own, ANYWHERE, posts=_ONCE),
    Line(
        "POST /v1/factors/{factor_id}/confirmation",
        _OWN,
        own_recipes.confirm_theirs,
        FACTOR,
        about="of theirs",
        personal=True,
    ),
    Line("DELETE /v1/factors/{factor_id}", _OWN, own_recipes.remove_own, ANYWHERE),
    Line("DELETE /v1/factors/{factor_id}", _OWN, own_recipes.remove_theirs, FACTOR, about="of theirs", personal=True),
    Line(
        "POST /v1/challenges",
        _OWN,
        own_recipes.by_double("POST", "/challenges", {"purpose": "enrolment"}),
        ANYWHERE,
    ),
    Line("POST /v1/factors/webauthn", _OWN, own_recipes.own_key, ANYWHERE),
    Line(
        "POST /v1/factors/webauthn",
        _OWN,
        own_recipes.key_of_theirs,
        _WRONG,
        about="for a challenge of theirs",
        personal=True,
    ),
    Line("POST /v1/recovery-codes", _OWN, own_recipes.by_double("POST", "/recovery-codes"), ANYWHERE),
    Line("POST /v1/sessions/current/second-factor", _OWN, own_recipes.second_factor, ANYWHERE, posts=_ONCE),
    Line(
        "POST /v1/sessions/current/second-factor",
        _OWN,
        own_recipes.second_factor_of_theirs,
        _WRONG,
        about="by a code of theirs",
        posts=_ONCE,
        personal=True,
    ),
    Line("POST /v1/sessions/current/proof", _OWN, own_recipes.proof, ANYWHERE, posts=_ONCE),
    # --- tokens
    Line("PUT /v1/tokens/{token_id}", "token:create", own_recipes.make_token, ANYWHERE),
    Line("GET /v1/tokens", "token:own", own_recipes.tokens, EMPTY, personal=True),
    Line("DELETE /v1/tokens/{token_id}", "token:own", own_recipes.revoke_own, ANYWHERE),
    Line(
        "DELETE /v1/tokens/{token_id}", "token:own", own_recipes.revoke_theirs, TOKEN, about="of theirs", personal=True
    ),
    # The administrator sees that there are programs, of the people in his scope, and ends them.
    Line("GET /v1/tokens/in-scope", "token:revoke", listing("/tokens/in-scope", own_recipes.token), EMPTY),
    Line("DELETE /v1/tokens/in-scope/{token_id}", "token:revoke", own_recipes.revoke_issued, TOKEN),
    # --- what a neighbour's node asks of this one, by the signature of its log
    Line("POST /v1/witness/add-checkpoint", None, plain("POST", "/witness/add-checkpoint"), "witness.malformed"),
)
