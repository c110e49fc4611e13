"""How a page comes to its transaction, its language and its looks; the gate is the one of the interface."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any
from urllib.parse import urlencode

import psycopg
from fastapi import Depends, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from salw.access.guard import Desk, begin, hand_on, hash_token, is_write, token_of
from salw.access.log_in_rules import NextStep
from salw.access.operations import sessions
from salw.access.rules import Permission
from salw.access.traces import asks_for
from salw.core import clock
from salw.core.errors import DomainError, Refused
from salw.core.http import database_refusal
from salw.core.language import Language, translate
from salw.web.frame import Frame, frame_of, note_frame
from salw.web.navigation import entries_for, is_current, may_search
from salw.web.rendering import page

# The pages of what remains to be done after a right password; half a session sees these and no others.
STEPS = {
    NextStep.PASSWORD_CHANGE: "/log-in/password",
    NextStep.SECOND_FACTOR: "/log-in/second-factor",
    NextStep.ENROLMENT: "/access/factors/new",
}


def language_asked(request: Request) -> Language:
    """Return the language of a page: French unless its address says English.

    The browser of a shared machine says little about who sits before it.
    """
    return "en" if request.query_params.get("language") == "en" else "fr"


# A language that no page has is no reason to show none: the page comes in French.
Asked = Annotated[Language, Depends(language_asked)]


@contextmanager
def open_desk(
    request: Request, permission: Permission, language: Language, engine: str = "app", *, half: bool = False
) -> Iterator[Desk]:
    """Open a transaction in the scope of one permission, committed at the end of the block.

    `half` lets in sessions of which only the password was proven; what surrounds a page that only reads is read along
    with it. Raises what `guard.begin` raises, and `session.second_factor_required`, `access.not_by_token`: a page is
    for a person whose log-in is done.
    """
    engines: dict[str, Engine] = request.app.state.engines
    with engines[engine].connect() as db:
        token = token_of(request)
        asked = asks_for(request, hash_token(token)[0], permission.value)
        desk = begin(db, token, clock.now(), permission, language, asked, writes=is_write(request))
        desk.require_session()
        if not half:
            desk.require_full()
        try:
            yield desk
            if engine == "app" and not is_write(request):
                note_frame(request, desk, language)
            db.commit()
        finally:
            hand_on(request, desk)


@contextmanager
def friendly(constraints: Mapping[str, tuple[type[DomainError], str]]) -> Iterator[None]:
    """Turn what a constraint of the database refuses into its error; a form says it at the field."""
    try:
        yield
    except (DBAPIError, psycopg.Error) as error:
        raise database_refusal(error, constraints) from None


@contextmanager
def visit(request: Request, permission: Permission, language: Language, engine: str = "app") -> Iterator[Desk | None]:
    """Open a transaction in the scope of one permission, or give None where no posting holds it.

    Raises `session.required`. A page is several such looks, because each permission has its own scope.
    """
    engines: dict[str, Engine] = request.app.state.engines
    now = clock.now()
    with engines[engine].connect() as db:
        try:
            desk = begin(db, token_of(request), now, permission, language)
        except Refused:
            yield None
            return
        yield desk
        hand_on(request, desk)
        db.commit()


def next_page(desk: Desk) -> str | None:
    """Return the page of the step that a session waits for, None where it is full. Raises `session.required`."""
    if desk.credential.is_full:
        return None
    step = sessions.step_of(sessions.own_account(desk.db, actor=desk.actor, session_id=desk.credential.id))
    return STEPS[step] if step else None


def show(
    request: Request,
    language: Language,
    template: str,
    context: Mapping[str, Any],
    *,
    errors: Mapping[str, str] | None = None,
    status: int = 200,
    frame: Frame | None = None,
    chosen: Mapping[str, str] | None = None,
) -> Response:
    """Return a page at the address asked for, in the frame of whoever asks for it.

    `errors` are texts by the field they stand at, one fault a line; with any, the page answers 422.
    `chosen` is what the link to the other language keeps, by default all that the address asks for.
    """
    wrong = dict(errors or {})
    frame = frame if frame is not None else frame_of(request, language)
    whole = {
        "frame": frame,
        "navigation": [] if frame.half or not frame.inside else _navigation(frame, request.url.path, language),
        "searches": may_search(frame.roles) and not frame.half,
        "origin": request.app.state.party.origin,
        "wrong": wrong,
        "errors": list(wrong.items()),
        **context,
    }
    return page(
        template,
        language,
        whole,
        status=status if status != 200 or not wrong else 422,
        address=request.url.path,
        chosen={k: v for k, v in request.query_params.items() if k != "language"} if chosen is None else chosen,
        compressed="gzip" in request.headers.get("accept-encoding", ""),
    )


def _navigation(frame: Frame, path: str, language: Language) -> list[dict[str, Any]]:
    return [
        {
            "text": translate(entry.name, language),
            "href": in_language(entry.address, language),
            "current": is_current(entry, path),
        }
        for entry in entries_for(frame.roles)
    ]


def in_language(address: str, language: Language) -> str:
    """Return an address of ours that keeps the language of the page which names it."""
    if language == "fr" or "language=" in address:
        return address
    return address + ("&" if "?" in address else "?") + urlencode({"language": language})


def lead_to(address: str, language: Language) -> RedirectResponse:
    """Lead on to a page of ours, in the same language."""
    return RedirectResponse(in_language(address, language), status_code=303)
