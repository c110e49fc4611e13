"""The recipes of what is one's own (`asks.py`): sessions, password, second factors, tokens.

What would end or change the session of whoever asks is done by a double of his: a person made for it, with the same
role at the same unit.
"""

from dataclasses import replace
from uuid import UUID

from asks import Ask, Recipe, Scene, never
from authenticator import Authenticator
from nation import somebody
from proving import PASSWORD, begin_totp, code_of, enrol_totp, give_password, half_session
from salw.access.rules import Role
from salw.core.db import run
from salw.core.ids import new_id
from world import Member, World

ORIGIN = "http://localhost:8000"  # of a service that was told no other


def double(scene: Scene) -> Member:
    """Return a new person with the role and the unit of whoever asks; of nobody, a commander."""
    if scene.asker is None:
        return somebody(scene.own, Role.UNIT_COMMANDER)
    return somebody(scene.own, scene.asker.role, unit_id=scene.asker.unit_id)


def by_double(method: str, path: str, body: dict[str, object] | None = None) -> Recipe:
    """Return a request of a double that names nothing of anybody's; an `id` in its body is new each time."""

    def recipe(scene: Scene) -> Ask:
        new = {"id": str(new_id())} if body and "id" in body else {}
        return Ask(method, path, {**body, **new} if body else None, headers=double(scene).headers)

    return recipe


def _as(place: World, member: Member) -> World:
    """Return the place with a member in its cast as `double`, for the helpers of log-in."""
    return replace(place, cast={**place.cast, "double": member})


def session_of(place: World, member: Member) -> UUID:
    """Return the id of the session of a member of a place."""
    with place.transaction() as db:
        rows = run(db, "select id from session where account_id = %(a)s", {"a": member.account_id})
    found: UUID = rows[0]["id"]
    return found


def sessions(scene: Scene) -> Ask:
    """List one's own sessions; somebody of the place has one too."""
    return Ask("GET", "/sessions", shows=(str(session_of(scene.there, somebody(scene.there))),))


def end_theirs(scene: Scene) -> Ask:
    """End the session of somebody of the place."""
    return Ask("DELETE", f"/sessions/{session_of(scene.there, somebody(scene.there))}")


def end_own(scene: Scene) -> Ask:
    """End a session of one's own by its id."""
    me = double(scene)
    return Ask("DELETE", f"/sessions/{session_of(scene.own, me)}", headers=me.headers)


def change_password(scene: Scene) -> Ask:
    """Change one's own password."""
    me = double(scene)
    give_password(_as(scene.own, me), "double")
    body = {"old": PASSWORD, "new": "cinq pirogues sur le fleuve"}
    return Ask("POST", "/me/password", body, headers=me.headers)


def factors(scene: Scene) -> Ask:
    """List one's own second factors; somebody of the place has one too."""
    return Ask("GET", "/factors", shows=(begin_totp(scene.client, somebody(scene.there).headers)["id"],))


def confirm_own(scene: Scene) -> Ask:
    """Confirm a generator of one's own by its first code."""
    me = double(scene)
    shown = begin_totp(scene.client, me.headers)
    body = {"code": code_of(shown["secret"])}
    return Ask("POST", f"/factors/{shown['id']}/confirmation", body, headers=me.headers)


def confirm_theirs(scene: Scene) -> Ask:
    """Confirm the generator of somebody of the place, by its code."""
    shown = begin_totp(scene.client, somebody(scene.there).headers)
    return Ask("POST", f"/factors/{shown['id']}/confirmation", {"code": code_of(shown["secret"])})


def remove_own(scene: Scene) -> Ask:
    """Take away a generator of one's own that proves nothing yet."""
    me = double(scene)
    return Ask("DELETE", f"/factors/{begin_totp(scene.client, me.headers)['id']}", headers=me.headers)


def remove_theirs(scene: Scene) -> Ask:
    """Take away the generator of somebody of the place."""
    return Ask("DELETE", f"/factors/{begin_totp(scene.client, somebody(scene.there).headers)['id']}")


def _made_key(scene: Scene, member: Member) -> tuple[str, dict[str, str]]:
    """Let a key answer an enrolment challenge given to a member; return the challenge and the body of the key."""
    answer = scene.client.post("/challenges", json={"purpose": "enrolment"}, headers=member.headers)
    assert answer.status_code == 200, answer.text
    given = answer.json()
    made = Authenticator(ORIGIN).create(given["options"])
    return given["id"], {"id": str(new_id()), "name": "Clé d'essai", "challenge": given["id"], **made}


def own_key(scene: Scene) -> Ask:
    """Add a key for a challenge of one's own."""
    me = double(scene)
    return Ask("POST", "/factors/webauthn", _made_key(scene, me)[1], headers=me.headers)


def key_of_theirs(scene: Scene) -> Ask:
    """Add a key for a challenge that was given to somebody of the place."""
    challenge, body = _made_key(scene, somebody(scene.there))
    return Ask("POST", "/factors/webauthn", body, theirs=never(challenge))


def _with_codes(scene: Scene, place: World, member: Member) -> str:
    """Give a member a second factor, and return the first of his recovery codes."""
    codes = enrol_totp(scene.client, member.headers)[1]["recovery_codes"]
    assert isinstance(codes, list)
    return str(codes[0])


def second_factor(scene: Scene) -> Ask:
    """Finish a log-in by a recovery code of one's own."""
    me = double(scene)
    code = _with_codes(scene, scene.own, me)
    half = half_session(_as(scene.own, me), "double")
    return Ask("POST", "/sessions/current/second-factor", {"recovery_code": code}, headers=half)


def second_factor_of_theirs(scene: Scene) -> Ask:
    """Finish a log-in by a recovery code of somebody of the place."""
    me, them = double(scene), somebody(scene.there)
    _with_codes(scene, scene.own, me)
    code = _with_codes(scene, scene.there, them)
    half = half_session(_as(scene.own, me), "double")
    unknown = "-".join(part[::-1] for part in code.split("-"))
    body = {"recovery_code": code}
    return Ask("POST", "/sessions/current/second-factor", body, theirs={code: unknown}, headers=half)


def proof(scene: Scene) -> Ask:
    """Prove again who one is, by password and recovery code."""
    me = double(scene)
    give_password(_as(scene.own, me), "double")
    body = {"password": PASSWORD, "recovery_code": _with_codes(scene, scene.own, me)}
    return Ask("POST", "/sessions/current/proof", body, headers=me.headers)


def _token_of(scene: Scene, member: Member) -> str:
    """Let a member make a token, if he may; return its id."""
    token = str(new_id())
    body = {"name": "Programme d'essai", "permissions": ["model:read"], "days": 30}
    scene.client.put(f"/tokens/{token}", json=body, headers=member.headers)
    return token


def make_token(scene: Scene) -> Ask:
    """Make a token."""
    body = {"name": "Programme d'essai", "permissions": ["model:read"], "days": 30}
    return Ask("PUT", f"/tokens/{new_id()}", body)


def token(scene: Scene) -> str:
    """Return the token of a keeper of the place."""
    return _token_of(scene, somebody(scene.there, Role.STOREKEEPER))


def tokens(scene: Scene) -> Ask:
    """List one's own tokens; a keeper of the place has one too."""
    return Ask("GET", "/tokens", shows=(token(scene),))


def revoke_theirs(scene: Scene) -> Ask:
    """Revoke the token of a keeper of the place as if it were one's own."""
    return Ask("DELETE", f"/tokens/{token(scene)}")


def revoke_own(scene: Scene) -> Ask:
    """Revoke a token of one's own."""
    me = double(scene)
    return Ask("DELETE", f"/tokens/{_token_of(scene, me)}", headers=me.headers)


def revoke_issued(scene: Scene) -> Ask:
    """Revoke the token of a keeper of the place, as an administrator."""
    return Ask("DELETE", f"/tokens/in-scope/{token(scene)}")
