"""Single lines of Python and the same in JavaScript."""

from tools.generators.draws import Draws

_NUMBERS = (
    "age", "amount", "count", "height", "length", "number", "points", "price", "rest", "score",
    "size", "speed", "total", "weight", "width",
)  # fmt: skip
_TEXTS = ("city", "colour", "label", "message", "name", "title", "word")
_LISTS = ("basket", "cities", "items", "names", "orders", "prices", "words")
_FLAGS = ("closed", "done", "empty", "full", "late", "sold", "ready")
_VERBS = ("add", "check", "compute", "find", "get", "load", "make", "read", "save", "send")
_WORDS = ("blue", "bread", "green", "hello", "lamp", "milk", "red", "table", "tea", "train")
_OPERATORS = ("+", "-", "*", "/")
_COMPARISONS = ("<", ">", "<=", ">=")


def code_row(draws: Draws) -> dict[str, str]:
    """A line of Python and its translation."""
    python, javascript = draws.pick(_KINDS)(draws)
    return {"python": python, "javascript": javascript}


def _pair(text: str) -> tuple[str, str]:
    """Code that both languages write alike."""
    return text, text


def _number(draws: Draws) -> tuple[str, str]:
    if draws.chance(0.6):
        return _pair(draws.pick(_NUMBERS))
    return _pair(str(draws.integer(0, 20)))


def _sum(draws: Draws) -> tuple[str, str]:
    left, right = draws.sample(_NUMBERS, 2)
    if draws.chance(0.3):
        right = str(draws.integer(1, 20))
    return _pair(f"{left} {draws.pick(_OPERATORS)} {right}")


def _text(draws: Draws) -> tuple[str, str]:
    return _pair(draws.pick(_TEXTS) if draws.chance(0.3) else f'"{draws.pick(_WORDS)}"')


def _value(draws: Draws) -> tuple[str, str]:
    kind = draws.integer(0, 5)
    if kind == 0:
        return draws.pick((("True", "true"), ("False", "false"), ("None", "null")))
    if kind == 1:
        name = draws.pick(_LISTS)
        return f"len({name})", f"{name}.length"
    return draws.pick((_number, _sum, _text))(draws)


def _condition(draws: Draws) -> tuple[str, str]:
    kind = draws.integer(0, 3)
    if kind == 0:
        flag = draws.pick(_FLAGS)
        return f"not {flag}", f"!{flag}"
    if kind == 1:
        first, second = draws.sample(_FLAGS, 2)
        word, sign = draws.pick((("and", "&&"), ("or", "||")))
        return f"{first} {word} {second}", f"{first} {sign} {second}"
    name = draws.pick(_NUMBERS)
    if kind == 2:
        return _pair(f"{name} {draws.pick(_COMPARISONS)} {draws.integer(0, 20)}")
    return f"{name} == {(number := draws.integer(0, 20))}", f"{name} === {number}"


def _statement(draws: Draws) -> tuple[str, str]:
    return draws.pick((_assignment, _print, _append))(draws)


def _assignment(draws: Draws) -> tuple[str, str]:
    python, javascript = _sum(draws)
    name = draws.pick(_NUMBERS)
    return f"{name} = {python}", f"{name} = {javascript};"


def _print(draws: Draws) -> tuple[str, str]:
    python, javascript = _value(draws)
    return f"print({python})", f"console.log({javascript});"


def _append(draws: Draws) -> tuple[str, str]:
    name = draws.pick(_LISTS)
    python, javascript = draws.pick((_number, _text))(draws)
    return f"{name}.append({python})", f"{name}.push({javascript});"


def _if(draws: Draws) -> tuple[str, str]:
    (python, javascript), (body, script) = _condition(draws), _statement(draws)
    return f"if {python}: {body}", f"if ({javascript}) {{ {script} }}"


def _while(draws: Draws) -> tuple[str, str]:
    (python, javascript), (body, script) = _condition(draws), _statement(draws)
    return f"while {python}: {body}", f"while ({javascript}) {{ {script} }}"


def _for(draws: Draws) -> tuple[str, str]:
    name, items = draws.pick(_TEXTS), draws.pick(_LISTS)
    body, script = _statement(draws)
    return f"for {name} in {items}: {body}", f"for (const {name} of {items}) {{ {script} }}"


def _function(draws: Draws) -> tuple[str, str]:
    name = f"{draws.pick(_VERBS)}_{draws.pick(_NUMBERS)}"
    first, second = draws.sample(_NUMBERS, 2)
    result = f"{first} {draws.pick(_OPERATORS)} {second}"
    return (
        f"def {name}({first}, {second}): return {result}",
        f"function {name}({first}, {second}) {{ return {result}; }}",
    )


_KINDS = (_assignment, _print, _append, _if, _if, _while, _for, _function)
