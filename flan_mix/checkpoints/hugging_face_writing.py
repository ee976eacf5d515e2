"""Writes folders that Hugging Face's `from_pretrained` loads: weights, settings, tokenizer."""

import json
import shutil
from pathlib import Path
from typing import Any

from flan_mix.checkpoints.arrays import StoredArray, transposed
from flan_mix.checkpoints.hugging_face import CONFIG, WEIGHTS_INDEX
from flan_mix.checkpoints.hugging_face_names import config_json, tensor_name
from flan_mix.checkpoints.safetensors import index_of, shards, write_safetensors
from flan_mix.checkpoints.stored_checkpoint import StoredCheckpoint
from flan_mix.models import T5Config
from flan_mix.vocabularies import ByteVocabulary, SentencePieceVocabulary, Vocabulary

MAX_SHARD_BYTES = 5 * 10**9  # Hugging Face's own for files of safetensors.
_SPIECE = "spiece.model"
_TOKENIZER_FILES = (
    _SPIECE,
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
)


def write_hugging_face(
    folder: Path,
    checkpoint: StoredCheckpoint,
    config: T5Config,
    *,
    max_shard_bytes: int = MAX_SHARD_BYTES,
) -> None:
    """Writes weights, config.json and generation_config.json into `folder`, which exists."""
    tensors = dict(_tensor(path, array) for path, array in checkpoint.parameters.items())
    parts = shards(dict(sorted(tensors.items())), max_shard_bytes)
    for part in parts:
        write_safetensors(folder / part.name, part.tensors)
    if len(parts) > 1:
        _write_json(folder / WEIGHTS_INDEX, index_of(parts))
    dtype = checkpoint.parameters["token_embedder/embedding"].dtype.name
    content = config_json(config, dtype)
    _write_json(folder / CONFIG, content)
    ids = ("decoder_start_token_id", "eos_token_id", "pad_token_id")
    _write_json(folder / "generation_config.json", {name: content[name] for name in ids})


def write_tokenizer(folder: Path, vocabulary: Vocabulary) -> None:
    """Writes what AutoTokenizer needs to give the ids of `vocabulary`.

    Raises ValueError for a vocabulary that is neither SentencePiece nor bytes.
    """
    if isinstance(vocabulary, SentencePieceVocabulary):
        shutil.copyfile(vocabulary.sentencepiece_model_file, folder / _SPIECE)
        kind = "T5Tokenizer"
    elif isinstance(vocabulary, ByteVocabulary):
        kind = "ByT5Tokenizer"
    else:
        raise ValueError(f"Hugging Face has no tokenizer for {vocabulary!r}")
    _write_json(folder / "tokenizer_config.json", _tokenizer_config(kind, vocabulary))


def _tokenizer_config(kind: str, vocabulary: Vocabulary) -> dict[str, Any]:
    """Every special token with its id. T5's sentinels count down to <extra_id_0>, ByT5's up."""
    sentinels = [f"<extra_id_{number}>" for number in range(vocabulary.extra_ids)]
    numbers = range(vocabulary.extra_ids)
    if kind == "T5Tokenizer":
        numbers = reversed(numbers)
    first = vocabulary.vocab_size - vocabulary.extra_ids
    sentinel_ids = {sentinels[n]: first + place for place, n in enumerate(numbers)}
    ids = {"<pad>": 0, "</s>": 1, "<unk>": 2, **sentinel_ids}
    plain = {"lstrip": False, "normalized": False, "rstrip": False, "single_word": False}
    return {
        "tokenizer_class": kind,
        "added_tokens_decoder": {
            str(index): {"content": name, **plain, "special": True}
            for name, index in sorted(ids.items(), key=lambda item: item[1])
        },
        "additional_special_tokens": sentinels,
        "eos_token": "</s>",
        "extra_ids": vocabulary.extra_ids,
        "pad_token": "<pad>",
        "unk_token": "<unk>",
    }


def copy_tokenizer(source: Path, folder: Path) -> bool:
    """Copies the tokenizer of a Hugging Face folder; False where it has none."""
    found = [source / name for name in _TOKENIZER_FILES if (source / name).is_file()]
    for file in found:
        shutil.copyfile(file, folder / file.name)
    return bool(found)


def _tensor(path: str, array: StoredArray) -> tuple[str, StoredArray]:
    name, is_transposed = tensor_name(path)
    return name, transposed(array) if is_transposed else array


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
