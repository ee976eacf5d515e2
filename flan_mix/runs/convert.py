"""`flan-mix convert`: a checkpoint in another format, with what belongs beside it."""

import logging
from collections.abc import Callable
from pathlib import Path

from flan_mix.checkpoints import StoredCheckpoint, is_remote
from flan_mix.checkpoints.conversion import ConversionSettings, Converted, convert
from flan_mix.checkpoints.hugging_face_writing import copy_tokenizer, write_tokenizer
from flan_mix.evaluation import Evaluation, read_evaluation
from flan_mix.models import T5Config
from flan_mix.runs.evaluated_models import finished_evaluations
from flan_mix.runs.model_card import model_card
from flan_mix.runs.run_record import read_facts
from flan_mix.vocabularies import ByteVocabulary, SentencePieceVocabulary, Vocabulary

log = logging.getLogger(__name__)

BYTES = "bytes"


def convert_checkpoint(
    source: str,
    destination: str,
    settings: ConversionSettings,
    *,
    vocabulary: Vocabulary | None = None,
    name: str | None = None,
) -> Converted:
    """Converts and verifies; a Hugging Face folder also gets tokenizer files and a model card.

    vocabulary: None leaves the tokenizer out, unless the source folder has one to copy. name: of
    the model, on its card; None is the destination's.
    """
    finish = _finishing(source, vocabulary, name or Path(destination).name)
    converted = convert(source, destination, settings, finish if settings.to == "hf" else _nothing)
    for line in _report(converted):
        log.info("%s", line)
    return converted


def open_vocabulary(file: str, extra_ids: int) -> Vocabulary:
    """The vocabulary of a SentencePiece file, or ByT5's for "bytes"."""
    return ByteVocabulary(extra_ids) if file == BYTES else SentencePieceVocabulary(file, extra_ids)


def _nothing(*_: object) -> None:
    pass


def _finishing(
    source: str, vocabulary: Vocabulary | None, name: str
) -> Callable[[Path, StoredCheckpoint, T5Config], None]:
    def finish(folder: Path, checkpoint: StoredCheckpoint, config: T5Config) -> None:
        if vocabulary is not None:
            _check_fits(vocabulary, config)
            write_tokenizer(folder, vocabulary)
        elif not (checkpoint.format == "hf" and copy_tokenizer(Path(checkpoint.url), folder)):
            log.warning("No tokenizer was written: give --vocabulary FILE (or 'bytes' for ByT5)")
        model_dir = Path(checkpoint.url).parent
        run = read_facts(model_dir)
        card = model_card(
            name,
            config,
            origin=source if is_remote(source) else Path(checkpoint.url).name,
            step=checkpoint.step,
            run=run,
            evaluation=_evaluation(model_dir, checkpoint.step) if run else None,
        )
        (folder / "README.md").write_text(card, encoding="utf-8")

    return finish


def _check_fits(vocabulary: Vocabulary, config: T5Config) -> None:
    if vocabulary.vocab_size > config.vocab_size:
        raise ValueError(
            f"the vocabulary has {vocabulary.vocab_size} ids and the checkpoint rows for "
            f"{config.vocab_size}: give the vocabulary that it was trained with"
        )


def _evaluation(model_dir: Path, step: int | None) -> Evaluation | None:
    finished = finished_evaluations(model_dir)
    return read_evaluation(finished[step]) if step in finished else None


def _report(converted: Converted) -> list[str]:
    source = converted.source
    lines = [
        f"Read {source.url} ({source.format}, {source.parameter_count:,} parameters)",
        f"Wrote {converted.folder}",
    ]
    if source.slots:
        kept = f"{converted.slots} of {len(source.slots)}"
        lines.append(f"Optimizer state: {kept} arrays written")
    if converted.verification != "none":
        lines.append("Verified: all parameters are equal after reading them back")
    if converted.verification == "full":
        lines.append("Verified: logits of a probe batch are equal")
    if converted.cast_difference is not None:
        lines.append(f"The cast moved logits by up to {converted.cast_difference:.3g}")
    return lines
