"""What tests of the lint share: a task without a fault, and the kinds of what is found."""

from flan_mix.metrics import exact_match
from flan_mix.registry import FileSource, TaskSpec
from flan_mix.registry.linting import lint_tasks
from flan_mix.templates import Template

WORDINGS = (
    "{question}",
    "Please answer this for me: {question}",
    "Q. {question}\nA.",
    "A pupil asks the teacher: {question}\nWhat does the teacher say?",
    "{question}\n\nReply in as few words as you can.",
    "The quiz master reads the next card aloud. {question}",
    "Fill in what is missing on the sheet.\nAsked: {question}\nFound:",
    "so here is one thing nobody at home could tell me: {question}",
    "Look it up in an encyclopedia, should you need to: {question}",
    "For ten points, {question}",
)
CLEAN = tuple(Template(wording, "{answer}") for wording in WORDINGS)
ROWS = [
    {"id": str(i), "question": f"What is {i} and {i}?", "answer": str(2 * i)} for i in range(40)
]


def make_spec(**changes):
    """A task in which there is nothing to find, with changes."""
    settings = {
        "name": "quiz",
        "category": "quizzes",
        "source": FileSource({"train": "nowhere.jsonl"}),
        "fields": {"id": "id", "question": "question", "answer": "answer"},
        "templates": CLEAN,
        "metrics": (exact_match,),
    }
    return TaskSpec(**(settings | changes))


def with_template(inputs, targets="{answer}", replacing=0, **settings):
    """The clean task with one template replaced."""
    templates = list(CLEAN)
    templates[replacing] = Template(inputs, targets, **settings)
    return templates


def kinds(spec, severity="finding", **settings):
    """(kind, template) of all findings."""
    found = lint_tasks([spec], **settings)
    return [(f.kind, f.template) for f in found if f.severity == severity]


def kinds_of(inputs, targets="{answer}", fields=(), **settings):
    """Of the clean task with template 0 replaced and more fields."""
    spec = make_spec(
        templates=with_template(inputs, targets, **settings),
        fields={name: name for name in ("id", "question", "answer", *fields)},
    )
    return kinds(spec)
