"""From a first password to a declared loss: every way in that the service knows, through HTTP, by one storekeeper."""

from datetime import timedelta
from typing import Any

import httpx
from sqlalchemy import Engine

from authenticator import Authenticator
from proving import PASSWORD, begin_totp, code_of, give_password, let_proofs_age, refused
from salw.core.ids import new_id
from world import World

ORIGIN = "http://localhost:8000"  # of a service that was told no other


class Browser:
    """A browser at a desk: it keeps the cookie it is given, and says with what it writes where it stands."""

    def __init__(self, client: httpx.Client, account: str) -> None:
        self.client, self.account = client, account
        self.client.headers["Origin"] = str(client.base_url).removesuffix("/v1/").removesuffix("/")

    def post(self, path: str, **body: Any) -> httpx.Response:
        """Send a body, and keep the session that comes back."""
        answer = self.client.post(path, json=body)
        given = answer.cookies.get("salw_session")
        if given:
            self.client.headers["Cookie"] = f"salw_session={given}"
        return answer

    def log_in(self) -> dict[str, Any]:
        """Type account and password into the first form."""
        self.client.headers.pop("Cookie", None)
        answer = self.post("/sessions", account=self.account, password=PASSWORD)
        assert answer.status_code == 200, answer.text
        session: dict[str, Any] = answer.json()
        return session

    def log_out(self) -> None:
        """Leave the desk."""
        assert self.client.delete("/sessions/current").status_code == 204
        refused(self.client.get("/me"), 401, "session.required")

    def is_inside(self) -> bool:
        """Say whether the stores can be listed."""
        return self.client.get("/stores").status_code == 200


def test_a_storekeepers_way_in_from_the_first_code_to_a_loss_declared_by_passkey(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    desk = Browser(client, give_password(world, "keeper"))

    # The password alone opens nothing but the way to a second factor.
    assert desk.log_in()["next"] == "enrolment"
    assert not desk.is_inside()
    shown = begin_totp(client, {})
    confirmed = desk.post(f"/factors/{shown['id']}/confirmation", code=code_of(shown["secret"], later=-1))
    paper = confirmed.json()["recovery_codes"]
    assert len(paper) == 10
    assert desk.is_inside()
    desk.log_out()

    # The next day the code of the phone, once.
    assert desk.log_in()["next"] == "second_factor"
    code = code_of(shown["secret"])
    assert desk.post("/sessions/current/second-factor", code=code).status_code == 200
    assert desk.is_inside()
    desk.log_out()
    desk.log_in()
    refused(desk.post("/sessions/current/second-factor", code=code), 401, "session.wrong_proof")
    assert not desk.is_inside()

    # The phone has drowned: the paper lets in, once, and for as long as a fresh proof lasts lets a key be added.
    assert desk.post("/sessions/current/second-factor", recovery_code=paper[0]).status_code == 200
    key = Authenticator(ORIGIN)
    given = desk.post("/challenges", purpose="enrolment").json()
    made = key.create(given["options"])
    added = desk.post("/factors/webauthn", id=str(new_id()), name="Clé de l'armurerie", challenge=given["id"], **made)
    assert added.json()["recovery_codes"] == []
    assert client.delete(f"/factors/{shown['id']}").status_code == 204
    assert client.get("/factors").json()["recovery_codes_left"] == 9
    desk.log_out()
    desk.log_in()
    refused(desk.post("/sessions/current/second-factor", recovery_code=paper[0]), 401, "session.wrong_proof")

    # From now on the key lets in.
    given = desk.post("/challenges", purpose="second_factor").json()
    shown_key = {"challenge": given["id"], **key.get(given["options"])}
    assert desk.post("/sessions/current/second-factor", assertion=shown_key).status_code == 200
    assert desk.is_inside()

    # Hours later he declares a loss: that asks for a fresh proof, which the key gives, and then the loss is taken.
    (weapon,) = world.register()
    let_proofs_age(owner_engine, world["keeper"], timedelta(hours=2))
    loss = {"kind": "lost", "weapons": [{"weapon": str(weapon.weapon_id), "version": 1}]}
    path = f"/incidents/{new_id()}"
    refused(client.put(path, json=loss), 403, "session.proof_required")
    given = desk.post("/challenges", purpose="proof").json()
    proof = {"challenge": given["id"], **key.get(given["options"])}
    assert desk.post("/sessions/current/proof", assertion=proof).status_code == 200
    answer = client.put(path, json=loss)
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == "open"
