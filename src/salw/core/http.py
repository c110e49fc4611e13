"""HTTP around the domain: problem+json and one handler per family of errors, under the edge of `core.edge`."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException

from salw.core.edge import Edge, TooLarge
from salw.core.errors import Conflict, DomainError, Unacceptable
from salw.core.language import Language, preferred, translate

PROBLEM = "application/problem+json"

# Somebody else's write stands in the way, and only for a moment.
NOT_NOW = (
    psycopg.errors.SerializationFailure,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.LockNotAvailable,
)

log = structlog.get_logger("salw.http")

# Makes a page of a problem (status, code, details) for a person in a browser; None where a program asked.
ProblemPage = Callable[[Request, int, str, Mapping[str, Any]], Response | None]
# Returns what is to be done once the answer to an error has left; None where nothing is.
Afterwards = Callable[[Request, DomainError], BackgroundTask | None]


# What every route may answer beside what it promises (RFC 9457).
PROBLEM_SCHEMA: dict[str, Any] = {
    "title": "Problem",
    "type": "object",
    "required": ["type", "title", "status", "code", "detail", "request_id"],
    "properties": {
        "type": {"type": "string", "description": "`urn:salw:problem:` and the code"},
        "title": {"type": "string", "description": "The kind of problem, in the reader's language"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable, for programs"},
        "detail": {"type": "string", "description": "What is wrong and what to do, in the reader's language"},
        "request_id": {"type": "string", "description": "To be named when asking for help"},
        "details": {"type": "object", "description": "What the text speaks of: weapons, versions, counts"},
        "errors": {
            "type": "array",
            "description": "Fields of a malformed request",
            "items": {
                "type": "object",
                "required": ["field", "problem", "message"],
                "properties": {name: {"type": "string"} for name in ("field", "problem", "message")},
            },
        },
    },
    "examples": [
        {
            "type": "urn:salw:problem:custody.version_conflict",
            "title": "Conflit",
            "status": 409,
            "code": "custody.version_conflict",
            "detail": "1 arme a été mouvementée entre-temps\u00a0: relire sa fiche et recommencer",
            "request_id": "6f3f0f0b0c7d4b6d9a53f5c5d0c6f1aa",
        }
    ],
}


def describe_problems(document: dict[str, Any]) -> None:
    """Say in an OpenAPI document that every route answers problems, in place of the framework's own 422."""
    schemas = document["components"].setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Problem"] = PROBLEM_SCHEMA
    answer = {"content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    for path in document["paths"].values():
        for operation in path.values():
            operation["responses"].pop("422", None)
            operation["responses"]["4XX"] = {"description": "The request is refused; nothing was written", **answer}
            operation["responses"]["5XX"] = {"description": "The service failed; repeat with the same id", **answer}


def language_of(request: Request) -> Language:
    """Return the language the reader asked for, by `?language=` or the header; French otherwise."""
    asked = request.query_params.get("language")
    return preferred(asked or request.headers.get("accept-language"))


def problem(
    request: Request, status: int, code: str, details: Mapping[str, Any], errors: list[Any] | None = None
) -> JSONResponse:
    """Return an error as RFC 9457 says: the code is for programs, the texts for people."""
    language = language_of(request)
    content: dict[str, Any] = {
        "type": f"urn:salw:problem:{code}",
        "title": translate(f"status.{status}", language),
        "status": status,
        "code": code,
        "detail": translate(code, language, **details),
        "request_id": request.scope.get("salw.request_id", ""),
    }
    if details:
        content["details"] = details
    if errors:
        content["errors"] = errors
    headers: dict[str, str] = {"Content-Language": language}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(_plain(content), status_code=status, media_type=PROBLEM, headers=headers)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(v) for v in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


_LENGTHS = ("too_long", "too_short")


def field_text(error: Mapping[str, Any], language: Language) -> str:
    """Return what is wrong with a field in the reader's language; Pydantic's own words where we have none."""
    details = dict(error.get("ctx", {}))
    said = str(error["msg"])
    code = f"field.{error['type']}"
    if error["type"] == "value_error":
        # A validator of ours spoke: its English sentence is the name of its text in the catalogue.
        said = str(details.get("error", said))
        code = own_code(said)
    if "expected" in details:
        details["expected"] = str(details["expected"]).replace("' or '", f"' {translate('field.or', language)} '")
    if error["type"] in _LENGTHS and isinstance(error.get("input"), str):
        code = f"field.string_{error['type']}"  # a text with a validator of ours is counted as a list is
    text = translate(code, language, **details)
    return said if text == code else text


def own_code(sentence: str) -> str:
    """Return the code of what a validator raised as a `ValueError`: `field.give_either_person_or_holder`."""
    return "field." + re.sub("[^a-z0-9]+", "_", sentence.lower()).strip("_")


def database_refusal(error: Exception, constraints: Mapping[str, tuple[type[DomainError], str]]) -> DomainError:
    """Return the friendly error of a constraint of the database, by its name; raise `error` if unknown.

    The constraint is the guarantee; a rule in Python normally says no before it with the same code.
    """
    original = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(original, psycopg.Error):
        for name in (original.diag.constraint_name, original.sqlstate):
            if name is not None and name in constraints:
                family, code = constraints[name]
                return family(code)
        if isinstance(original, NOT_NOW):
            return Conflict("request.try_again")
        # Class 22: a number out of range, a NUL character: nothing of ours can hold what was sent.
        if isinstance(original, psycopg.DataError):
            return Unacceptable("request.unacceptable_value")
    raise error


@dataclass(frozen=True, slots=True)
class _Answers:
    """How errors are answered; `install` says what each part is."""

    constraints: Mapping[str, tuple[type[DomainError], str]]
    page: ProblemPage
    afterwards: Afterwards

    def answer(
        self, request: Request, status: int, code: str, details: Mapping[str, Any], errors: list[Any] | None = None
    ) -> Response:
        """Answer people by a page, and programs by a problem."""
        return self.page(request, status, code, details) or problem(request, status, code, details, errors)

    def on_domain_error(self, request: Request, error: Exception) -> Response:
        """Answer a refusal of ours, and have done what follows it."""
        assert isinstance(error, DomainError)  # noqa: S101 - registered for this class alone
        response = self.answer(request, error.status, error.code, error.details)
        response.background = self.afterwards(request, error)
        response.headers.update(error.headers)
        return response

    def on_validation_error(self, request: Request, error: Exception) -> Response:
        """Answer what is wrong with the fields of a request."""
        assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class alone
        language = language_of(request)
        errors = [
            {"field": ".".join(str(p) for p in e["loc"]), "problem": e["type"], "message": field_text(e, language)}
            for e in error.errors()[:100]
        ]
        details = {"count": len(errors), "fields": list(dict.fromkeys(error["field"] for error in errors))}
        return self.answer(request, 422, "request.malformed", details, errors)

    def on_http_error(self, request: Request, error: Exception) -> Response:
        """Answer what the framework refuses: no such address, too large."""
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class alone
        codes = {
            404: "request.no_such_address",
            405: "request.wrong_method",
            408: "request.too_slow",
            413: "request.too_large",
        }
        code = codes.get(error.status_code)
        details: dict[str, Any] = {} if code else {"fields": ["body"]}
        if isinstance(error, TooLarge):
            details = {"megabytes": error.megabytes}
        response = self.answer(request, error.status_code, code or "request.malformed", details)
        for name, value in (error.headers or {}).items():
            response.headers[name] = value
        return response

    def on_database_error(self, request: Request, error: Exception) -> Response:
        """Answer what a constraint refuses by its error; anything else is none of the reader's fault."""
        try:
            refusal = database_refusal(error, self.constraints)
        except Exception as unknown:  # noqa: BLE001 - the edge: whatever it is, it is logged and answered
            return self.on_unexpected(request, unknown)
        return self.answer(request, refusal.status, refusal.code, refusal.details)

    def on_last(self, request: Request, error: Exception) -> Response:
        """Answer an error that the edge met outside the handlers."""
        answer = self.on_domain_error if isinstance(error, DomainError) else self.on_unexpected
        return answer(request, error)

    def on_busy(self, request: Request, _error: Exception) -> Response:
        """Answer that no connection to the database is free."""
        log.warning("request.no_connection_free", request_id=request.scope.get("salw.request_id"))
        return self.answer(request, 503, "service.busy", {})

    def on_unexpected(self, request: Request, error: Exception) -> Response:
        """Log what nobody foresaw, and answer that it happened, or that the database is away."""
        log.error("request.failed", request_id=request.scope.get("salw.request_id"), exc_info=error)
        lost = isinstance(error, psycopg.OperationalError) or (
            isinstance(error, DBAPIError) and isinstance(error.orig, psycopg.OperationalError)
        )
        if lost:
            return self.answer(request, 503, "service.database_unreachable", {})
        return self.answer(request, 500, "service.unexpected", {})


def install(
    app: FastAPI,
    constraints: Mapping[str, tuple[type[DomainError], str]],
    page: ProblemPage = lambda *_: None,
    afterwards: Afterwards = lambda *_: None,
    signed_paths: frozenset[str] = frozenset(),
) -> None:
    """Give `app` its error handlers and its outermost layer.

    `constraints` map names to errors; `page` answers people, who cannot read what programs are answered;
    `afterwards` says what is done once an error was answered; `signed_paths` are those of `Edge`.
    """
    answers = _Answers(constraints, page, afterwards)
    app.add_exception_handler(DomainError, answers.on_domain_error)
    app.add_exception_handler(RequestValidationError, answers.on_validation_error)
    app.add_exception_handler(HTTPException, answers.on_http_error)
    app.add_exception_handler(psycopg.Error, answers.on_database_error)
    app.add_exception_handler(DBAPIError, answers.on_database_error)
    app.add_exception_handler(PoolTimeoutError, answers.on_busy)
    app.add_middleware(Edge, on_error=answers.on_last, signed_paths=signed_paths)
