"""JSON bodies, read strictly: unknown keys are refused, `null` means absent, days and times are ISO 8601.

Free text has no number in it that may identify somebody, unless what it is in is sealed or checked otherwise.
"""

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    ModelWrapValidatorHandler,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, PydanticKnownError, core_schema

from contracts.reference.telling import tells_number, tells_phone_or_card

DEEPEST = 8
"""The deepest nesting in which nulls are removed; no body is declared as deep as this."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}(?::?\d{2})?)?", re.ASCII)

BodyT = TypeVar("BodyT", bound="Body")


class Body(BaseModel):
    """A body or a part of one: an unknown key is refused, a key with the value null counts as absent.

    With `null_clears`, null stays null: it clears the recorded value. Its texts have no number that may be somebody's,
    unless it `tells_who` somebody is, and is then sealed or compared with the identity; in the fields of `codes`, such
    as those of lots, only the number of a phone or an ID card is refused.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    null_clears: ClassVar[bool] = False
    tells_who: ClassVar[bool] = False
    codes: ClassVar[Collection[str]] = ()

    @model_validator(mode="wrap")
    @classmethod
    def _read_as_sent(cls: type[BodyT], sent: Any, handler: ModelWrapValidatorHandler[BodyT]) -> BodyT:
        """Return what was sent as a model; raise ValidationError if pydantic guessed a value from another type."""
        if not isinstance(sent, Mapping):
            return handler(sent)
        read = handler(sent if cls.null_clears else _without_nulls(sent))
        _must_not_be_guessed(sent, read)
        if not cls.tells_who:
            _must_have_no_numbers(read, cls.codes)
        return read


class AsSent:
    """Makes a part of a body as strict as the body, although its model ignores unknown keys when it is in a message."""

    def __init__(self, part: Any) -> None:
        self._part: TypeAdapter[Any] = TypeAdapter(part)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return the schema of the part, with the strict validator around it."""
        return core_schema.no_info_wrap_validator_function(self._read, handler(source))

    def _read(self, sent: Any, _: Any) -> Any:
        return self._part.validate_python(_without_any_nulls(sent), extra="forbid")


def _day(sent: Any) -> Any:
    if (found := _guessed_day(sent)) is not None:
        raise found
    return sent


Day = Annotated[date, BeforeValidator(_day)]
"""A day in a query: YYYY-MM-DD and nothing else."""


def _without_numbers(text: str) -> str:
    if tells_number(text):
        raise _long_number()
    return text


WithoutNumbers = AfterValidator(_without_numbers)
"""Lets a text of a query have no number that may be somebody's."""


def _long_number() -> PydanticCustomError:
    return PydanticCustomError("long_number", "a number that may say who somebody is")


def _must_have_no_numbers(read: BaseModel, codes: Collection[str]) -> None:
    found = [
        InitErrorDetails(type=_long_number(), loc=loc, input=None)
        for loc, text in texts_of(read)
        if (tells_phone_or_card if loc[-1] in codes else tells_number)(text)
    ]
    if found:
        raise ValidationError.from_exception_data(type(read).__name__, found)


_OURS = re.compile(r"[0-9a-f]{32}(?:[0-9a-f]{32})?|[0-9]{6}|[0-9]{9}", re.ASCII)
"""Ids of our own, hashes and codes of divisions, which name nobody."""


def texts_of(read: Any, loc: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield the texts of what was read with their places, but for ids and divisions, and bodies in it."""
    match read:
        case Body() if loc:
            return  # it looked at itself
        case BaseModel():
            for name in type(read).model_fields:
                yield from texts_of(getattr(read, name), (*loc, name))
        case tuple() | list():
            for place, part in enumerate(read):
                yield from texts_of(part, (*loc, place))
        case str() if not _OURS.fullmatch(read):
            yield loc, read


def _without_nulls(sent: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in sent.items() if value is not None} if None in sent.values() else sent


def _without_any_nulls(sent: Any, depth: int = 0) -> Any:
    """Return a part of a body without nulls, at any depth up to DEEPEST."""
    if depth == DEEPEST or not isinstance(sent, (dict, list)):
        return sent
    if isinstance(sent, list):
        return [_without_any_nulls(item, depth + 1) for item in sent]
    return {name: _without_any_nulls(value, depth + 1) for name, value in sent.items() if value is not None}


def _must_not_be_guessed(sent: Any, read: BaseModel) -> None:
    guessed = list(_guesses(sent, read, ()))
    if guessed:
        raise ValidationError.from_exception_data(type(read).__name__, guessed)


def _guesses(sent: Any, read: Any, loc: tuple[str | int, ...]) -> Iterator[InitErrorDetails]:
    """Yield an error for each day, time or number that pydantic guessed, such as a day from seconds since 1970."""
    if sent is None or sent is read or (loc and isinstance(read, Body)):  # a nested body checks itself
        return
    if isinstance(read, BaseModel) and isinstance(sent, Mapping):
        for name, value in sent.items():
            if value is not (found := getattr(read, name, None)):
                yield from _guesses(value, found, (*loc, name))
    elif isinstance(read, tuple) and isinstance(sent, list):
        for index, item in enumerate(sent):
            yield from _guesses(item, read[index], (*loc, index))
    elif (error := _guessed(sent, read)) is not None:
        yield InitErrorDetails(type=error.type, loc=loc, input=sent, ctx=error.context or {})


def _guessed(sent: Any, read: Any) -> PydanticKnownError | None:
    if isinstance(read, datetime):
        return _guessed_moment(sent)
    if isinstance(read, date):
        return _guessed_day(sent)
    if isinstance(sent, bool) and isinstance(read, (int, float)):
        return PydanticKnownError("int_type")
    return None


def _guessed_day(sent: Any) -> PydanticKnownError | None:
    if isinstance(sent, date) and not isinstance(sent, datetime):
        return None
    if not isinstance(sent, str):
        return PydanticKnownError("date_type")
    return None if _DAY.fullmatch(sent) else PydanticKnownError("date_parsing", {"error": "not YYYY-MM-DD"})


def _guessed_moment(sent: Any) -> PydanticKnownError | None:
    if isinstance(sent, datetime):
        return None
    if not isinstance(sent, str):
        return PydanticKnownError("datetime_type")
    return None if _MOMENT.fullmatch(sent) else PydanticKnownError("datetime_parsing", {"error": "not ISO 8601"})


def find_repeated_key(body: bytes) -> str | None:
    """Return a key that stands twice in one object of a JSON text; None if there is none, or the text is no JSON."""
    try:
        json.loads(body, object_pairs_hook=_must_differ)
    except _RepeatedKeyError as error:
        return error.key
    except (ValueError, RecursionError):
        return None  # what is no JSON is refused as such
    return None


class _RepeatedKeyError(Exception):
    def __init__(self, key: str) -> None:
        super().__init__()
        self.key = key


def _must_differ(pairs: list[tuple[str, Any]]) -> None:
    if len(pairs) > 1:
        for key in list_repeated(key for key, _ in pairs):
            raise _RepeatedKeyError(key)


def list_repeated(names: Iterable[str]) -> list[str]:
    """Return the names that are there more than once."""
    return [name for name, count in Counter(names).items() if count > 1]
