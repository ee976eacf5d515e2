"""Trains a SentencePiece model that Flan Mix and T5 can use: padding 0, EOS 1, unknown 2.

For small bundled vocabularies and for users with a language or a notation of their own.
"""

import io
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

_THREADS = 4  # Fixed: sums in the trainer depend on how many there are, and the model tells it.
_LONGEST_LINE_BYTES = 1 << 20


def train_sentencepiece(
    texts: Iterable[str],
    model_file: str | os.PathLike[str],
    vocab_size: int,
    *,
    character_coverage: float = 1.0,
) -> None:
    """Writes a unigram model of `vocab_size` pieces, made from `texts`, to `model_file`.

    The same texts in the same order give the same bytes. `vocab_size` counts padding, EOS and
    unknown but no extra ids. `character_coverage` is the share of the characters seen that must
    have a piece of their own; T5's has 0.9995, a small one can afford all.

    Raises ValueError, naming SentencePiece's reason, when the texts cannot give that many pieces.
    """
    from sentencepiece import SentencePieceTrainer

    model = io.BytesIO()
    try:
        SentencePieceTrainer.train(
            sentence_iterator=_lines(texts),
            model_writer=model,
            model_type="unigram",
            vocab_size=vocab_size,
            character_coverage=character_coverage,
            max_sentence_length=_LONGEST_LINE_BYTES,
            num_threads=_THREADS,
            pad_id=0,
            eos_id=1,
            unk_id=2,
            bos_id=-1,
            minloglevel=2,
        )
    except RuntimeError as error:
        raise ValueError(f"No {vocab_size} pieces can be made for {model_file}: {error}") from error
    _write_atomically(Path(model_file), model.getvalue())


def _lines(texts: Iterable[str]) -> Iterator[str]:
    """Non-empty lines: the trainer takes a sentence at a time and skips the too long ones."""
    for text in texts:
        yield from (line for line in text.splitlines() if line.strip())


def _write_atomically(path: Path, contents: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".tmp")
    unfinished.write_bytes(contents)
    os.replace(unfinished, path)
