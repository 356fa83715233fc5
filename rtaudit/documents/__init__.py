"""Documents: the one loader for every YAML and JSON file, and the one writer: input is validated, output is whole."""

from rtaudit.documents.files import read_text, write_atomically
from rtaudit.documents.json import canonical, canonical_each, dumps, load_json, parse_json, pieces
from rtaudit.documents.validate import check_schema, schema_errors, whole_file
from rtaudit.documents.yaml import Document, Path, load_yaml, parse_yaml

__all__ = [
    "Document",
    "Path",
    "canonical",
    "canonical_each",
    "check_schema",
    "dumps",
    "load_json",
    "load_yaml",
    "parse_json",
    "parse_yaml",
    "pieces",
    "read_text",
    "schema_errors",
    "whole_file",
    "write_atomically",
]
