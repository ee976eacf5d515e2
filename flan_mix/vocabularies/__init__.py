"""Text to token ids and back: one tokenizer for the token cache, training and inference.

`SentencePieceVocabulary` is T5's, `ByteVocabulary` is ByT5's; both give the ids that SeqIO's
vocabularies of the same names give in Python, without TensorFlow.
"""

from flan_mix.vocabularies.byte_vocabulary import ByteVocabulary
from flan_mix.vocabularies.sentencepiece_training import train_sentencepiece
from flan_mix.vocabularies.sentencepiece_vocabulary import SentencePieceVocabulary
from flan_mix.vocabularies.vocabulary import Vocabulary

__all__ = ["ByteVocabulary", "SentencePieceVocabulary", "Vocabulary", "train_sentencepiece"]
