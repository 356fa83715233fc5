"""Documents: the one loader for every YAML and JSON file, and the one writer: input is validated, output is whole."""

from rtaudit.documents.files import read_text, write_atomically
from rtaudit.documents.json import canonical, dumps, iter_canonical, iter_json, load_json, parse_json
from rtaudit.documents.validate import check_schema, error_for_file, schema_errors
from rtaudit.documents.yaml import Document, KeyPath, load_yaml, parse_yaml

__all__ = [
    "Document",
    "KeyPath",
    "canonical",
    "check_schema",
    "dumps",
    "error_for_file",
    "iter_canonical",
    "iter_json",
    "load_json",
    "load_yaml",
    "parse_json",
    "parse_yaml",
    "read_text",
    "schema_errors",
    "write_atomically",
]
