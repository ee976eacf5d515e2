"""t5x.examples.t5.network: T5 1.0, T5 1.1, mT5 and ByT5 under the names T5X's gin files bind."""

from flan_mix.models import T5Config, Transformer
from flan_mix.t5x.not_there import names_not_there

__all__ = ["T5Config", "Transformer"]

__getattr__ = names_not_there(
    "examples.t5.network",
    dict.fromkeys(
        ("Encoder", "Decoder", "EncoderLayer", "DecoderLayer"),
        "the network's inner modules under T5X's names: bind T5Config",
    ),
)
