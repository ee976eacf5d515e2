"""The parts of gin.config_parser that flan_mix.runs.gin_imports reads."""

from collections.abc import Iterator
from typing import Any

class ImportStatement:
    module: str

class IncludeStatement:
    filename: str

class ParserDelegate:
    def configurable_reference(self, scoped_name: str, evaluate: bool) -> Any: ...
    def macro(self, scoped_name: str) -> Any: ...

class ConfigParser:
    def __init__(self, string_or_filelike: Any, parser_delegate: ParserDelegate) -> None: ...
    def __iter__(self) -> Iterator[Any]: ...
