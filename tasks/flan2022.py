"""FLAN 2022: the collection's blocks at their published shares.

| block | paper, "Proportion B" | published code | ours |
|---|---|---|---|
| flan2021 | 46.0 | 40 | `flan_mix.tasks.flan2021` and what FLAN 2022 added to it |
| t0 | 27.9 | 32 | missing: P3's prompts need an importer |
| niv2 | 24.2 | 20 | `flan_mix.tasks.super_natural_instructions`, from your checkout |
| cot | 1.8 | 5 | `flan_mix.tasks.chain_of_thought_sets`, from your files |
| dialog | in flan2021 | 3 | `flan_mix.tasks.information_dialogue`, and dialogues of your own |

Tasks of your own that list the collection "flan2022_dialog" (`dialogue.add_dialogue_task`) or
"flan2022_added", and are registered before this module is imported, are mixed with the dialogues or
with FLAN 2021. Shares of blocks that are missing go to the others in proportion. Mixtures:
``flan2022`` at the paper's shares (Chung et al. 2022, table 23, https://arxiv.org/abs/2210.11416),
whose block of 46 % is FLAN 2021 and the dialogues, all in proportion to their rows, and
``flan2022_code`` at those of the published code (Longpre et al. 2023,
https://arxiv.org/abs/2301.13688). Where a block that we could have is not there, the name says so,
as in ``flan2022_without_niv2``, so that one name never stands for two mixtures; T0 is always
missing. Import this module after the data folder is set, or call `register` when more is there.

Within a block a task weighs as many examples as it has, up to the paper's cap, which the tasks'
own slices and caps hold the data to as well. FLAN's tasks come in four equal parts: zero-shot and
few-shot, each with and without options; chains of thought in two. Inverted templates have the share
they had there. The task files of Super-NaturalInstructions bring their own examples, and half of
the templates show them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from flan_mix.registry import (
    ExamplesProportional,
    TaskError,
    add_mixture,
    get_mixture,
    get_task,
    is_mixture,
    relate_categories,
    task_names,
    variant_names,
)
from flan_mix.registry.rates import Rate
from flan_mix.tasks import (
    chain_of_thought_sets,
    flan2021,
    information_dialogue,
    language_modeling,  # noqa: F401  it registers
    super_natural_instructions,
)

SHARES = {
    "flan2022": {"flan2021_and_dialog": 46.0, "t0": 27.9, "niv2": 24.2, "cot": 1.8},
    "flan2022_code": {"flan2021": 40.0, "t0": 32.0, "niv2": 20.0, "cot": 5.0, "dialog": 3.0},
}
# No name tells that these are missing, for nobody can have them yet.
NOWHERE = ("t0",)
# Most examples that a task counts for. Super-NaturalInstructions' 5,000 are the tasks' own cap.
CAPS = {"flan2021": 30_000, "flan2021_and_dialog": 30_000, "cot": 100_000, "dialog": 200_000}

# Of FLAN's 700 templates 122 are inverted; of chains of thought and dialogues 0.3 to every 1.
INVERTED = {
    "flan2021": 122 / 700,
    "flan2021_and_dialog": 122 / 700,
    "cot": 0.3 / 1.3,
    "dialog": 0.3 / 1.3,
}

_FOUR_FORMS = ("zero_shot", "no_options", "few_shot", "few_shot_no_options")
FORMS = {
    "flan2021": _FOUR_FORMS,
    "flan2021_and_dialog": _FOUR_FORMS,
    "cot": ("zero_shot", "few_shot"),
    "dialog": ("zero_shot", "few_shot"),
}
# Where every template of a task shows options, those stand in for templates without.
_INSTEAD = {"no_options": "zero_shot", "few_shot_no_options": "few_shot"}

# Answers to questions that follow each other are what both are about.
RELATED_CATEGORIES = (*flan2021.RELATED_CATEGORIES, ("conversational_qa", "dialogue"))

# What is mixed beside the tasks of FLAN 2021 in its block.
ADDED_COLLECTION = "flan2022_added"
DIALOGUE_COLLECTION = information_dialogue.COLLECTION


@dataclass(frozen=True)
class Flan2022:
    """A registered mixture: its name, the share of each block, and the blocks it lacks."""

    name: str
    shares: Mapping[str, float]
    missing: tuple[str, ...]

    def __str__(self) -> str:
        shares = ", ".join(f"{block} {100 * share:.1f} %" for block, share in self.shares.items())
        return f"{self.name}: {shares}; missing: {', '.join(self.missing)}"


def register() -> tuple[Flan2022, ...]:
    """Registers the mixtures of the blocks there are by now; those registered before stay."""
    flan = [*flan2021.TRAINED_ON, *_listing(ADDED_COLLECTION)]
    dialogues = _listing(DIALOGUE_COLLECTION)
    blocks = {
        "flan2021": _block("flan2021", flan),
        "flan2021_and_dialog": _block("flan2021_and_dialog", [*flan, *dialogues]),
        "niv2": _block("niv2", ()),
        "cot": _block("cot", _listing(chain_of_thought_sets.COLLECTION)),
        "dialog": _block("dialog", dialogues),
    }
    there = {block: mixture for block, mixture in blocks.items() if mixture}
    return tuple(_mixed(name, shares, there) for name, shares in SHARES.items())


def _mixed(name: str, published: Mapping[str, float], there: Mapping[str, str]) -> Flan2022:
    missing = tuple(block for block in published if block not in there)
    total = sum(share for block, share in published.items() if block in there)
    shares = {block: share / total for block, share in published.items() if block in there}
    named = [block for block in missing if block not in NOWHERE]
    full = name + "".join(f"_without_{block}" for block in named)
    _add_once(full, [(there[block], share) for block, share in shares.items()])
    return Flan2022(full, shares, missing)


def _block(block: str, tasks: Iterable[str]) -> str | None:
    """The mixture of a block; None while it has no task."""
    if block == "niv2":
        name = super_natural_instructions.COLLECTION
        return name if is_mixture(name) else None
    tasks = tuple(tasks)
    if not tasks:
        return None
    rate = ExamplesProportional(cap=CAPS[block])
    forms = {form: [_in_form(task, form) for task in tasks] for form in FORMS[block]}
    inverted = [f"{task}.inverted" for task in tasks if "inverted" in variant_names(get_task(task))]
    share = INVERTED[block] if inverted else 0.0
    parts = [(f"flan2022_{block}_{form}", (1 - share) / len(forms)) for form in forms]
    for (mixture, _), members in zip(parts, forms.values(), strict=True):
        _add_once(mixture, [(member, rate) for member in members])
    if inverted:
        parts.append((f"flan2022_{block}_inverted", share))
        _add_once(parts[-1][0], [(member, rate) for member in inverted])
    _add_once(f"flan2022_{block}", parts)
    return f"flan2022_{block}"


def _in_form(task: str, form: str) -> str:
    """The variant of a task that is nearest to a form."""
    there = variant_names(get_task(task))
    return f"{task}.{form if form in there else _INSTEAD[form]}"


def _listing(collection: str) -> list[str]:
    return [name for name in task_names() if collection in get_task(name).collections]


def _add_once(name: str, parts: Sequence[tuple[str, Rate]]) -> None:
    if not is_mixture(name):
        add_mixture(name, parts)
        relate_categories(name, RELATED_CATEGORIES)
    elif get_mixture(name).parts != tuple(parts):
        raise TaskError(
            f"mixture {name!r} is registered with other parts. Register tasks of your own before "
            "flan_mix.tasks.flan2022 is imported: one name never stands for two mixtures."
        )


MIXTURES = register()
