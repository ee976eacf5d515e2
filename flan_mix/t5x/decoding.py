"""t5x.decoding: how answers are found, as T5X's gin files choose and set it.

In T5X these functions decode; here they say how, and the model's own decoder does it. So a gin
file may choose one (`decode_fn = @decoding.temperature_sample`) and bind its settings, but code
that calls T5X's with arrays has nothing to call.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from flan_mix.inference import Decoding
from flan_mix.t5x.not_there import NotThereError, names_not_there

__getattr__ = names_not_there(
    "decoding",
    {"decode": "the loop under T5X's decoders, as a function of its own"},
)


class DecodeSettings(NamedTuple):
    """What a decoder is to do; max_length: target tokens at most, None for the batch's own."""

    decoding: Decoding
    max_length: int | None = None


DecodeFn = Callable[..., DecodeSettings]


def beam_search(
    *, num_decodes: int = 4, alpha: float = 0.6, max_decode_len: int | None = None
) -> DecodeSettings:
    """Beam search by T5X's rules: `num_decodes` beams, length penalty `alpha`."""
    decoding = Decoding(method="beam", num_beams=num_decodes, length_penalty=alpha)
    return DecodeSettings(decoding, max_decode_len)


def temperature_sample(
    *,
    num_decodes: int = 1,
    temperature: float = 1.0,
    topk: int = 1,
    topp: float = 0.0,
    max_decode_steps: int | None = None,
    rescale_log_probs: bool = True,
    decode_rng: int | None = None,
) -> DecodeSettings:
    """Sampling; with topk=1 (as T5X's default is) or temperature 0 the likeliest token.

    topk 0 draws from all tokens, topp from the likeliest that together have that probability.
    decode_rng: a seed. Scores are log-probabilities under the model; T5X's rescale_log_probs
    concerns them alone.

    Raises ValueError where both topk and topp are given.
    """
    del rescale_log_probs
    if topk and topp:
        raise ValueError(
            f"temperature_sample: topk={topk} and topp={topp}: at most one may be set; T5X's "
            "topk is 1 unless it is bound, so bind topk = 0 beside topp"
        )
    if temperature == 0 or topk == 1:
        if num_decodes != 1:
            raise NotThereError(
                f"temperature_sample.num_decodes = {num_decodes} with the likeliest token only "
                "would give the same answer each time: bind topk = 0 or use beam_search"
            )
        return DecodeSettings(Decoding(), max_decode_steps)
    decoding = Decoding(
        method="sample",
        temperature=float(temperature),
        top_k=topk,
        top_p=topp or 1.0,
        seed=decode_rng,
        num_return=num_decodes,
    )
    return DecodeSettings(decoding, max_decode_steps)


def settings_of(decode_fn: Any, **given: Any) -> DecodeSettings:
    """What a model's decode_fn says, given keywords of T5X's.

    Raises NotThereError for a decoder of the user's own.
    """
    try:
        settings = decode_fn(**given)
    except TypeError as error:
        raise NotThereError(f"decode_fn cannot take {given}: {error}") from error
    if not isinstance(settings, DecodeSettings):
        raise NotThereError(
            "decode_fn must be t5x.decoding.beam_search or t5x.decoding.temperature_sample: "
            f"{decode_fn} decodes itself, and there is no loop here for it to run in"
        )
    return settings
