"""Languages: map files to grammars, and name what each grammar calls its nodes."""

from __future__ import annotations

GRAMMARS: dict[str, str] = {
    ".py": "python", ".pyi": "python", ".pyw": "python",
    ".js": "javascript", ".mjs": "javascript", ".cjs": "javascript", ".jsx": "tsx",
    ".ts": "typescript", ".mts": "typescript", ".cts": "typescript", ".tsx": "tsx",
    ".cs": "csharp", ".csx": "csharp", ".java": "java", ".go": "go", ".kt": "kotlin", ".kts": "kotlin",
    ".swift": "swift", ".dart": "dart", ".rs": "rust", ".php": "php", ".rb": "ruby", ".scala": "scala",
    ".sh": "bash", ".bash": "bash", ".zsh": "bash",
    ".json": "json", ".jsonc": "json", ".yaml": "yaml", ".yml": "yaml", ".tf": "hcl", ".tfvars": "hcl", ".hcl": "hcl",
}  # fmt: skip
"""Extension -> grammar of ast-grep. Other files are read by `tokens`."""

MARKUP = (".html", ".htm", ".vue", ".svelte", ".astro", ".xhtml")
"""Files whose scripts are read as script."""

PROSE = (".md", ".mdx", ".markdown", ".rst", ".adoc", ".txt", ".org", ".tex", ".log", ".csv", ".svg", ".po", ".lock")
"""Files that are documentation, or nothing that runs."""

DATA = ("json", "yaml", "hcl")
"""Grammars of configuration."""

STRINGS = frozenset({
    "string", "template_string", "string_literal", "interpreted_string_literal", "raw_string_literal", "text_block",
    "verbatim_string_literal", "interpolated_string_expression", "line_string_literal", "multi_line_string_literal",
    "string_lit", "template_expr", "encapsed_string", "raw_string", "double_quote_scalar", "single_quote_scalar",
    "plain_scalar", "block_scalar", "character_literal", "multiline_string_literal", "interpolated_string",
})  # fmt: skip
CONTENTS = frozenset({
    "string_content", "string_fragment", "string_literal_content", "interpreted_string_literal_content", "line_str_text",
    "template_chars_single_single", "template_chars_double_single", "template_chars_single", "template_chars_double",
    "template_chars_raw_slash", "template_literal", "raw_string_literal_content", "multi_line_str_text", "string_scalar",
    "verbatim_string_literal_content", "multiline_string_fragment", "raw_string_content",
})  # fmt: skip
ESCAPES = frozenset({"escape_sequence", "str_escaped_char", "character_escape_seq", "escape_interpolation"})
HOLES = frozenset({
    "interpolation", "template_substitution", "interpolated_expression", "interpolated_identifier", "simple_expansion",
    "template_interpolation", "expansion", "variable_name", "command_substitution",
})  # fmt: skip
NAMES = frozenset({
    "identifier", "simple_identifier", "property_identifier", "field_identifier", "shorthand_property_identifier",
    "type_identifier", "variable_name", "name", "constant", "identifier_dollar_escaped", "interpolated_identifier",
    "package_identifier", "variable_expr", "word",
})  # fmt: skip
MEMBERS = frozenset({
    "attribute", "member_expression", "member_access_expression", "selector_expression", "navigation_expression",
    "field_expression", "qualified_name", "scoped_identifier", "dotted_name", "field_access", "meta_property",
    "conditional_access_expression", "optional_chain", "expression",
})  # fmt: skip
SUBSCRIPTS = frozenset({"subscript", "subscript_expression", "element_access_expression", "index_expression",
                        "indexing_expression", "array_access", "element_reference"})  # fmt: skip
CONCATS = frozenset({"binary_operator", "binary_expression", "additive_expression", "concatenated_string", "infix_expression",
                     "boolean_operator", "nil_coalescing_expression", "elvis_expression", "null_coalescing_expression",
                     "if_null_expression", "binary"})  # fmt: skip
CALLS = frozenset({
    "call", "call_expression", "new_expression", "invocation_expression", "object_creation_expression", "decorator",
    "method_invocation", "function_call_expression", "member_call_expression", "object_creation", "command",
    "macro_invocation", "constructor_expression", "implicit_object_creation_expression", "const_object_expression",
})  # fmt: skip
ARGUMENTS = frozenset({"argument_list", "arguments", "value_arguments", "call_suffix", "token_tree"})
WRAPPERS = frozenset({
    "argument", "value_argument", "parenthesized_expression", "await", "await_expression", "non_null_expression",
    "as_expression", "cast_expression", "literal_element", "expression_list", "literal_value", "flow_node",
    "block_node", "jsx_expression", "postfix_expression", "satisfies_expression", "postfix_unary_expression", "uri",
    "string_literal_single_quotes", "string_literal_double_quotes", "try_expression", "reference_expression",
    "equals_value_clause", "type_cast_expression", "checked_expression", "element",
})  # fmt: skip
ENTRIES = frozenset({
    "pair", "keyed_element", "keyword_argument", "named_argument", "assignment", "assignment_expression",
    "assignment_statement", "variable_declarator", "const_spec", "var_spec", "property_declaration",
    "public_field_definition", "short_var_declaration", "initialized_variable_definition", "static_final_declaration",
    "default_parameter", "typed_default_parameter", "attribute", "object_elem", "jsx_attribute", "enum_assignment",
    "block_mapping_pair", "flow_pair", "array_element_initializer", "variable_assignment", "let_declaration", "const_item",
    "static_item", "argument", "value_argument", "class_parameter", "required_parameter", "optional_parameter",
    "assignment_pattern", "property_element", "const_element", "field_definition", "parameter", "val_definition",
    "augmented_assignment", "augmented_assignment_expression", "initialized_identifier", "struct_field", "object_assignment_pattern",
    "initializer_expression", "field_initializer",
})  # fmt: skip
LISTS = frozenset({"list", "tuple", "set", "array", "tuple_expression", "array_expression", "array_literal", "literal_value",
                   "list_literal", "record_literal", "initializer_expression", "collection_expression"})  # fmt: skip
"""Lists, and what may be a pair in one."""
ELEMENTS = frozenset({"argument", "value_argument", "literal_element", "collection_element", "expression_element"})
"""What some grammars put around each element of a list or call."""
IMPORTS = frozenset({
    "import_statement", "import_from_statement", "import_header", "import_declaration", "using_directive",
    "import_or_export", "use_declaration", "namespace_use_declaration", "future_import_statement",
})  # fmt: skip
COMMENTS = frozenset({"comment", "line_comment", "block_comment", "multiline_comment", "documentation_comment", "shebang",
                      "html_comment"})  # fmt: skip
FUNCTIONS = frozenset({
    "function_definition", "function_declaration", "method_definition", "method_declaration", "function_item",
    "constructor_declaration", "local_function_statement", "function_expression", "generator_function_declaration",
    "method", "init_declaration", "secondary_constructor",
})  # fmt: skip
LAMBDAS = frozenset({"arrow_function", "lambda", "lambda_expression", "lambda_literal", "func_literal", "closure_expression",
                     "anonymous_function"})  # fmt: skip
CONDITIONS = frozenset({"if_statement", "if_expression"})
CHOICES = frozenset({"ternary_expression", "conditional_expression"})
LEAVES = frozenset(
    {"return_statement", "raise_statement", "throw_statement", "jump_expression", "control_transfer_statement"}
)
COMPOUND = frozenset({
    "if_statement", "for_statement", "while_statement", "try_statement", "with_statement", "switch_statement",
    "for_in_statement", "block_statement", "labeled_statement", "import_statement", "export_statement", "using_statement",
    "try_with_resources_statement", "foreach_statement", "statements", "for_range_loop", "guard_statement",
    "local_function_statement", "compound_statement", "do_statement", "enhanced_for_statement", "lock_statement",
})  # fmt: skip
STATEMENTS = frozenset({
    "lexical_declaration", "variable_declaration", "local_variable_declaration", "property_declaration", "field_declaration",
    "const_declaration", "var_declaration", "short_var_declaration", "let_declaration", "public_field_definition",
    "top_level_variable_declaration", "assignment", "command", "const_item",
})  # fmt: skip


def grammar_of(name: str) -> str:
    """The grammar for a file of this name (lower case); empty for none."""
    return GRAMMARS.get(name[name.rfind(".") :], "") if "." in name else ""
