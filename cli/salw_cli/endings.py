"""Commands that differ in what they ask for and end alike: the options of the ending are declared once."""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any


def ends_in(ending: Callable[..., None]) -> Callable[[Callable[..., Any]], Callable[..., None]]:
    """Return what makes a command of a function: its own options, then those of `ending`.

    The function is called first and may refuse its options; `ending` gets what it returns, then its own options.
    """
    _, *shared = inspect.signature(ending).parameters.values()

    def decorate(ask: Callable[..., Any]) -> Callable[..., None]:
        own = inspect.signature(ask).parameters

        @wraps(ask)
        def command(**given: Any) -> None:
            asked = {name: given.pop(name) for name in own}
            ending(ask(**asked), **given)

        options = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in (*own.values(), *shared)]
        command.__signature__ = inspect.Signature(options)  # type: ignore[attr-defined]  # what Typer reads
        command.__annotations__ = {one.name: one.annotation for one in options}
        return command

    return decorate
