"""Folders we write are loaded by Hugging Face's own classes, which compute the same."""

import json

import numpy as np
import pytest
from flax.traverse_util import unflatten_dict

from flan_mix.checkpoints import open_checkpoint
from flan_mix.checkpoints.conversion import ConversionSettings
from flan_mix.runs.convert import convert_checkpoint
from flan_mix.tasks.starter import vocabulary_file
from flan_mix.vocabularies import ByteVocabulary, SentencePieceVocabulary
from tests.checkpoints.t5x_files import write_legacy
from tests.checkpoints.test_reading_t5x import a_checkpoint
from tests.models.small_models import T5_1_0, logits_of, small_config
from tests.models.t5x_golden import assert_close_to_golden

pytestmark = pytest.mark.slow

VOCABULARIES = {
    "pieces": SentencePieceVocabulary(vocabulary_file()),
    "bytes": ByteVocabulary(extra_ids=125),
}
TEXTS = (
    "Summarize: Anna asked when the parcel would come.",
    "yes",
    "3 + 4 = 7",
    "Grüße, naïve café",
    "  two  spaces ",
)


def converted(tmp_path, vocabulary, settings, **changes):
    """(configuration, folder) of a random model with that vocabulary."""
    config = small_config(vocab_size=1152, **changes)
    write_legacy(tmp_path / "checkpoint_7", a_checkpoint(vocab_size=1152, **changes))
    source, folder = tmp_path / "checkpoint_7", tmp_path / "model"
    convert_checkpoint(str(source), str(folder), settings, vocabulary=vocabulary)
    return config, folder


@pytest.mark.parametrize(
    ("changes", "shard_bytes"), [({}, 20_000), (T5_1_0, 1 << 30)], ids=["1.1 sharded", "1.0 tied"]
)
def test_the_same_logits_and_the_same_answers_to_special_tokens(
    tmp_path, changes, shard_bytes
) -> None:
    torch = pytest.importorskip("torch", reason="for the comparison with Hugging Face")
    transformers = pytest.importorskip("transformers", reason="for the comparison")
    settings = ConversionSettings("hf", max_shard_bytes=shard_bytes)
    config, folder = converted(tmp_path, VOCABULARIES["pieces"], settings, **changes)
    model, loading = transformers.T5ForConditionalGeneration.from_pretrained(
        folder, output_loading_info=True
    )
    assert not loading["missing_keys"] and not loading["unexpected_keys"]
    random = np.random.default_rng(0)
    inputs = random.integers(2, config.vocab_size, (2, 16), np.int32)
    targets = random.integers(2, config.vocab_size, (2, 8), np.int32)
    with torch.no_grad():
        logits = model.eval()(
            input_ids=torch.tensor(inputs, dtype=torch.long),
            decoder_input_ids=torch.tensor(targets, dtype=torch.long),
        ).logits
    arrays = open_checkpoint(folder).parameters
    params = unflatten_dict({path: array.read() for path, array in arrays.items()}, sep="/")
    batch = {
        "encoder_input_tokens": inputs,
        "encoder_segment_ids": np.ones_like(inputs),
        "decoder_input_tokens": targets,
        "decoder_segment_ids": np.ones_like(targets),
    }
    assert_close_to_golden(logits.numpy(), logits_of(config, params, batch))
    generation = model.generation_config
    assert (generation.eos_token_id, generation.pad_token_id) == (1, 0)
    assert generation.decoder_start_token_id == 0


@pytest.mark.parametrize("name", VOCABULARIES)
def test_the_tokenizer_gives_our_ids_and_texts(tmp_path, name) -> None:
    transformers = pytest.importorskip("transformers", reason="for the comparison")
    vocabulary = VOCABULARIES[name]
    _, folder = converted(tmp_path, vocabulary, ConversionSettings("hf", verification="none"))
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    for text in TEXTS:
        ids = vocabulary.encode(text)
        assert tokenizer(text)["input_ids"] == [*ids, vocabulary.eos_id], text
        if vocabulary.unk_id not in ids:  # Unknown pieces are shown as <unk> there.
            assert tokenizer.decode(ids) == vocabulary.decode(ids)
    if name == "pieces":  # Of its bytes' sentinels Hugging Face counts the first as 0.
        assert tokenizer.convert_tokens_to_ids("<extra_id_0>") == vocabulary.vocab_size - 1
    assert len(tokenizer) == vocabulary.vocab_size
    assert tokenizer.pad_token_id == 0 and tokenizer.eos_token_id == 1


def test_bfloat16_is_loaded_as_bfloat16(tmp_path) -> None:
    torch = pytest.importorskip("torch", reason="for the comparison with Hugging Face")
    transformers = pytest.importorskip("transformers", reason="for the comparison")
    settings = ConversionSettings("hf", dtype="bfloat16", verification="parameters")
    _, folder = converted(tmp_path, VOCABULARIES["pieces"], settings)
    assert json.loads((folder / "config.json").read_text())["torch_dtype"] == "bfloat16"
    model = transformers.T5ForConditionalGeneration.from_pretrained(folder, torch_dtype="auto")
    assert model.shared.weight.dtype == torch.bfloat16
    stored = open_checkpoint(folder).parameters["token_embedder/embedding"].read()
    np.testing.assert_array_equal(
        model.shared.weight.float().detach().numpy(), stored.astype(np.float32)
    )
