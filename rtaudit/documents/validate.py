"""Validation: compares a document with a JSON Schema, with errors that a person can act on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from rtaudit.errors import InputError, allowed_hint, did_you_mean

_KINDS = {
    "object": "a mapping",
    "array": "a list",
    "string": "a string",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}


class ErrorAt(Protocol):
    """Makes the error that points at a path of the document, such as `Document.error`."""

    def __call__(
        self, path: tuple[str | int, ...], message: str, hint: str | None = None, /, *, at_key: bool = False
    ) -> InputError: ...


def error_for_file(message_start: str, hint: str) -> ErrorAt:
    """An ErrorAt for JSON files, whose errors name the value by its path and not by its line."""

    def error_at(_path: object, message: str, its_hint: str | None = None, **_at_key: bool) -> InputError:
        return InputError(f"{message_start}: {message}", its_hint or hint)

    return error_at


def check_schema(value: Any, schema: dict[str, Any], error_at: ErrorAt) -> None:
    """Raise the first error (in document order) that `value` makes against the JSON Schema `schema`."""
    for error in _errors(value, schema):
        raise next(_explain(error, error_at))


def schema_errors(value: Any, schema: dict[str, Any], error_at: ErrorAt) -> list[InputError]:
    """Every error (in document order) that `value` makes against the JSON Schema `schema`, each once."""
    found = {
        explained.message: explained for error in _errors(value, schema) for explained in _explain(error, error_at)
    }
    return list(found.values())


def _errors(value: Any, schema: dict[str, Any]) -> list[Any]:
    # Imported here: only commands that read a document pay for it.
    import jsonschema

    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker(["date"]))
    errors = [_innermost(error) for error in validator.iter_errors(value)]
    # What does not look like a date is no date either: that is one mistake.
    shapes = {tuple(error.absolute_path) for error in errors if error.validator == "pattern"}
    errors = [one for one in errors if one.validator != "format" or tuple(one.absolute_path) not in shapes]
    return sorted(errors, key=lambda error: _place(value, error)) if len(errors) > 1 else errors


def _place(value: Any, error: Any) -> list[int]:
    """Where in the document an error is, as numbers that sort in the order of reading."""
    path = list(error.absolute_path)
    if error.validator == "additionalProperties":
        path.append(_unknown_keys(error)[0])
    place = []
    for part in path:
        place.append(part if isinstance(value, list) else list(value).index(part))
        value = value[part]
    # What is missing is missed at the end of its mapping: a key that is misspelt there is reported instead.
    return [*place, len(value)] if error.validator == "required" else place


def _unknown_keys(error: Any) -> list[str]:
    known = error.schema.get("properties", {})
    return [key for key in error.instance if key not in known]


def _innermost(error: Any) -> Any:
    """Of the alternatives that an anyOf or oneOf tried, the error of the one that came nearest."""
    while error.context:
        nearest = max(error.context, key=lambda inner: (_fits(inner), len(inner.absolute_path)))
        if not _fits(nearest):
            return error
        error = nearest
    return error


def _fits(inner: Any) -> bool:
    """True when the value is of the kind that the alternative wants, and the mistake is deeper."""
    return inner.validator != "type" or len(inner.relative_path) > 0


def _explain(error: Any, error_at: ErrorAt) -> Iterator[InputError]:
    """What is wrong, in words: one error, or one for each unknown key."""
    path = tuple(error.absolute_path)
    where = f"'{_dotted(path)}'" if path else "the document"
    match error.validator:
        case "additionalProperties":
            known = list(error.schema.get("properties", {}))
            inside = f" in {where}" if path else ""
            for unknown in _unknown_keys(error):
                hint = allowed_hint(unknown, known)
                yield error_at((*path, unknown), f"unknown key '{unknown}'{inside}", hint, at_key=True)
        case "enum":
            yield error_at(
                path,
                f"{where} cannot be {_show(error.instance)}",
                allowed_hint(str(error.instance), map(str, error.validator_value)),
            )
        case "const":
            yield error_at(path, f"{where} is {_show(error.instance)}, not {_show(error.validator_value)}")
        case "required":
            missing = [key for key in error.validator_value if key not in error.instance]
            near = [(key, did_you_mean(key, error.instance)) for key in missing]
            known = error.schema.get("properties", {})
            meant = "; ".join(f"'{key}' is another key than '{other}'" for key, other in near if other in known)
            needed = f"needed: {', '.join(error.validator_value)}"
            yield error_at(path, f"{where} lacks {_listed(missing)}", f"{meant}; {needed}" if meant else needed)
        case "type":
            wanted = _kinds(error.validator_value)
            yield error_at(path, f"{where} is {_show(error.instance)}, not {wanted}", error.schema.get("x-hint"))
        case "pattern":
            wanted = error.schema.get("x-pattern-means", f"text like {error.validator_value}")
            yield error_at(path, f"{where} is {_show(error.instance)}, not {wanted}")
        case "format":
            yield error_at(
                path,
                f"{where} is {_show(error.instance)}, which is not a valid {error.validator_value}",
                "write YYYY-MM-DD",
            )
        case "anyOf" | "oneOf":
            kinds = [inner.validator_value for inner in error.context if inner.validator == "type"]
            wanted = " or ".join(_kinds(kind) for kind in kinds) or "any of the forms allowed here"
            yield error_at(path, f"{where} is {_show(error.instance)}, not {wanted}")
        case _:
            yield error_at(path, f"{where}: {error.message}")


def _listed(names: list[str]) -> str:
    return " and ".join(f"'{name}'" for name in names) if len(names) < 3 else ", ".join(f"'{name}'" for name in names)


def _kinds(names: str | Iterable[str]) -> str:
    listed = [names] if isinstance(names, str) else list(names)
    return " or ".join(_KINDS.get(name, name) for name in listed)


def _dotted(path: tuple[str | int, ...]) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else (f".{part}" if text else part)
    return text


def _show(value: Any) -> str:
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = (
        "null"
        if value is None
        else repr(value)
        if isinstance(value, str)
        else str(value).lower()
        if isinstance(value, bool)
        else str(value)
    )
    return text if len(text) <= 60 else text[:57] + "..."
