"""`flan-mix tasks preview`: examples as a model gets them, in words and in tokens."""

from collections.abc import Mapping
from itertools import islice

from flan_mix.data.prompt_budget import fitting, max_input_tokens
from flan_mix.registry import TaskError, get_task, is_task
from flan_mix.runs.terminal_tables import plain, show
from flan_mix.vocabularies import ByteVocabulary, SentencePieceVocabulary, Vocabulary

_IDS_SHOWN = 48
# Shown elsewhere, or no part of what an example is.
_HIDDEN = frozenset({"id", "template", "inputs", "targets", "tokens", "inputs_by_shots"})


def vocabulary_of(file: str | None) -> Vocabulary | None:
    """A SentencePiece model with T5's 100 extra ids, "bytes" for bytes, None for none.

    Raises FileNotFoundError or ValueError for what is no model.
    """
    if file is None:
        return None
    return ByteVocabulary() if file == "bytes" else SentencePieceVocabulary(file)


def preview(
    name: str,
    *,
    template: int | None = None,
    split: str | None = None,
    seed: int = 0,
    pass_index: int = 0,
    rows: int = 3,
    vocabulary: Vocabulary | None = None,
    lengths: Mapping[str, int] | None = None,
) -> None:
    """Prints the first `rows` examples of a split of a task or variant.

    template: that one alone, else as drawn. split: the first that the task has, if not given.
    vocabulary: to show tokens with; the task's own where it names one. lengths: what a few-shot
    prompt has to fit into, beside the task's own limit, with a vocabulary. Raises TaskError for an
    unknown name or template, and what reading raises.
    """
    from flan_mix.registry.rendering import render

    if template is not None:
        name = _template_variant(name, template)
    ours = get_task(name) if is_task(name) else None
    if vocabulary is None and ours is not None:
        own = ours.vocabulary
        vocabulary = vocabulary_of(own) if isinstance(own, str) else own
        vocabulary = vocabulary if isinstance(vocabulary, Vocabulary) else None
    chosen = split or (ours.splits[0] if ours else "train")
    examples = render(name, chosen, seed=seed, pass_index=pass_index, sequence_length=lengths)
    limit = max_input_tokens(name, lengths)
    for example in islice(examples, rows):
        if vocabulary is not None:
            example = fitting(example, vocabulary, limit)
        worded = ours.templates[example.template].name if ours and example.template >= 0 else None
        title = f"{name} · {chosen} · {example.id} · template {example.template}"
        title += f" ({worded})" if worded else ""
        show(plain(f"{title} · seed {seed}, pass {pass_index}", "bold"))
        for key, value in example._asdict().items():
            if key not in _HIDDEN and value not in (None, (), ""):
                show(plain(f"{key}: {_listed(value)}", "dim"))
        show(plain(example.inputs), plain(f"→ {example.targets}", "green"))
        if vocabulary is not None:
            for side in ("inputs", "targets"):
                show(plain(_tokens(side, getattr(example, side), vocabulary), "dim"))
        show("")


def _template_variant(name: str, template: int) -> str:
    spec = get_task(name)
    if not 0 <= template < len(spec.templates):
        last = len(spec.templates) - 1
        raise TaskError(f"task {spec.base_name!r} has templates 0 to {last}, not {template}.")
    if spec.variant not in ("", "zero_shot", "no_options", f"template_{template}"):
        raise TaskError(f"--template goes with a task's plain name, {spec.base_name!r}.")
    return f"{spec.base_name}.template_{template}"


def _tokens(side: str, text: str, vocabulary: Vocabulary) -> str:
    ids = vocabulary.encode(text)
    shown = " ".join(map(str, ids[:_IDS_SHOWN])) + (" …" if len(ids) > _IDS_SHOWN else "")
    lost = vocabulary.dropped_characters(text)
    note = (
        f"; without {' '.join(c if c.isprintable() else repr(c)[1:-1] for c in lost)}"
        if lost
        else ""
    )
    unknown = vocabulary.count_unknown(ids)
    unknown_note = f"; {unknown} unknown" if unknown else ""
    return f"{side}: {len(ids) + 1} tokens with EOS: {shown}{note}{unknown_note}"


def _listed(value: object) -> str:
    return " | ".join(map(str, value)) if isinstance(value, tuple) else str(value)
