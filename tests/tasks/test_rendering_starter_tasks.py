"""The starter tasks rendered from end to end through their plain SeqIO tasks."""

import pytest

from flan_mix.registry import get_task
from flan_mix.tasks import starter
from flan_mix.vocabularies import SentencePieceVocabulary


@pytest.mark.slow
@pytest.mark.parametrize("name", starter.HELD_IN + starter.HELD_OUT)
def test_every_row_becomes_an_example_and_every_template_is_drawn(name):
    from flan_mix.registry.rendering import render

    for split, size in {"validation": 200, "test": 200}.items():
        examples = list(render(name, split))
        assert len(examples) == size
        assert all(example.inputs.strip() and example.targets.strip() for example in examples)
        assert {example.template for example in examples} == set(range(10))


@pytest.mark.slow
def test_bare_seqio_tokenizes_with_the_bundled_vocabulary():
    import seqio

    import flan_mix.registry.seqio_registry  # noqa: F401  registers what was added before SeqIO came

    task = seqio.get_mixture_or_task("starter").tasks[0]
    assert type(task) is seqio.Task
    ours = SentencePieceVocabulary(starter.STARTER_VOCABULARY)
    theirs = task.output_features["inputs"].vocabulary
    assert theirs.vocab_size == ours.vocab_size
    assert get_task(task.name).vocabulary == starter.STARTER_VOCABULARY
    text = "Mia returns the red lamp from order 417."
    assert list(theirs.encode(text)) == list(ours.encode(text))
