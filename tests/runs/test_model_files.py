"""Every model file in gin/models builds the published model's parameters: by shape alone."""

import dataclasses
import functools
import logging
import math
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gin
import jax
import jax.numpy as jnp
import pytest
from flax.traverse_util import flatten_dict

from flan_mix.models import T5Config, Transformer, abstract_params, apply, parameter_count
from flan_mix.runs import gin_config
from flan_mix.runs.infer import infer
from flan_mix.runs.model import EncoderDecoderModel
from flan_mix.training import Adafactor
from flan_mix.vocabularies import ByteVocabulary

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDER = REPOSITORY / "gin" / "models"
Shapes = dict[str, tuple[int, ...]]


@dataclasses.dataclass(frozen=True)
class Published:
    """What papers and checkpoints say of a model."""

    parameters: int
    embed: int
    heads: int
    layers: tuple[int, int]
    mlp: int
    vocabulary: int = 32_128
    head_dim: int = 64
    is_gated: bool = True

    def of_mt5(self, parameters: int) -> "Published":
        return dataclasses.replace(self, parameters=parameters, vocabulary=250_112)


def t5_1_0(*sizes: Any, head_dim: int = 64) -> Published:
    return Published(*sizes, head_dim=head_dim, is_gated=False)


def byt5(*sizes: Any) -> Published:
    return Published(*sizes, vocabulary=384)


T5_1_1 = {
    "small": Published(76_961_152, 512, 6, (8, 8), 1024),
    "base": Published(247_577_856, 768, 12, (12, 12), 2048),
    "large": Published(783_150_080, 1024, 16, (24, 24), 2816),
    "xl": Published(2_849_757_184, 2048, 32, (24, 24), 5120),
    "xxl": Published(11_135_332_352, 4096, 64, (24, 24), 10240),
}
MODELS = {
    "t5": {
        "small": t5_1_0(60_506_624, 512, 8, (6, 6), 2048),
        "base": t5_1_0(222_903_552, 768, 12, (12, 12), 3072),
        "large": t5_1_0(737_668_096, 1024, 16, (24, 24), 4096),
        "3b": t5_1_0(2_851_598_336, 1024, 32, (24, 24), 16384, head_dim=128),
        "11b": t5_1_0(11_307_321_344, 1024, 128, (24, 24), 65536, head_dim=128),
    },
    "t5_1_1": T5_1_1,
    "flan_t5": T5_1_1,
    "mt5": {
        "small": T5_1_1["small"].of_mt5(300_176_768),
        "base": T5_1_1["base"].of_mt5(582_401_280),
        "large": T5_1_1["large"].of_mt5(1_229_581_312),
        "xl": T5_1_1["xl"].of_mt5(3_742_619_648),
        "xxl": T5_1_1["xxl"].of_mt5(12_921_057_280),
    },
    "byt5": {
        "small": byt5(299_637_760, 1472, 6, (12, 4), 3584),
        "base": byt5(581_653_248, 1536, 12, (18, 6), 3968),
        "large": byt5(1_228_183_552, 1536, 16, (36, 12), 3840),
        "xl": byt5(3_737_801_728, 2560, 32, (36, 12), 6720),
        "xxl": byt5(12_906_899_328, 4672, 64, (36, 12), 12352),
    },
}
NAMES = [f"{family}/{size}" for family, sizes in MODELS.items() for size in sizes]


def published(name: str) -> Published:
    family, size = name.split("/")
    return MODELS[family][size]


def expected_shapes(model: Published) -> Shapes:
    """Every parameter under T5X's name, written out from T5's description."""
    shapes: Shapes = {"token_embedder/embedding": (model.vocabulary, model.embed)}
    for stack, layers in zip(("encoder", "decoder"), model.layers, strict=True):
        shapes[f"{stack}/relpos_bias/rel_embedding"] = (model.heads, 32)
        shapes[f"{stack}/{stack}_norm/scale"] = (model.embed,)
        for layer in range(layers):
            for part, shape in expected_layer(model, stack).items():
                shapes[f"{stack}/layers_{layer}/{part}"] = shape
    if model.is_gated:  # T5 1.0's logits come from the embedding.
        shapes["decoder/logits_dense/kernel"] = (model.embed, model.vocabulary)
    return shapes


def expected_layer(model: Published, stack: str) -> Shapes:
    joined = model.heads * model.head_dim
    attentions = {
        "encoder": {"attention": "pre_attention_layer_norm"},
        "decoder": {
            "self_attention": "pre_self_attention_layer_norm",
            "encoder_decoder_attention": "pre_cross_attention_layer_norm",
        },
    }[stack]
    shapes: Shapes = {"pre_mlp_layer_norm/scale": (model.embed,)}
    for attention, norm in attentions.items():
        shapes[f"{norm}/scale"] = (model.embed,)
        shapes |= {f"{attention}/{p}/kernel": (model.embed, joined) for p in ("query", "key")}
        shapes[f"{attention}/value/kernel"] = (model.embed, joined)
        shapes[f"{attention}/out/kernel"] = (joined, model.embed)
    for wi in ("wi_0", "wi_1") if model.is_gated else ("wi",):
        shapes[f"mlp/{wi}/kernel"] = (model.embed, model.mlp)
    shapes["mlp/wo/kernel"] = (model.mlp, model.embed)
    return shapes


@pytest.fixture(autouse=True)
def clean_gin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """gin's configuration is one for the process; its files look for functions in __main__."""
    monkeypatch.setattr(sys.modules["__main__"], "infer", infer, raising=False)
    gin.clear_config()
    yield
    gin.clear_config()


def parse(name: str) -> None:
    bindings = ["CHECKPOINT_PATH = 'c'", "INFER_OUTPUT_DIR = 'o'"]
    if not name.startswith("byt5/"):
        bindings.append("VOCABULARY_FILE = 'spiece.model'")
    gin_config.parse([f"gin/models/{name}.gin", "gin/runs/infer.gin"], bindings)


def module_of(name: str) -> Transformer:
    parse(name)
    return Transformer(gin.get_configurable(T5Config)())


def test_the_model_files_are_those_of_the_published_models():
    files = {str(file.relative_to(FOLDER).with_suffix("")) for file in FOLDER.glob("*/*.gin")}
    sizes = {name for name in files if not name.endswith("/base_architecture")}
    assert sizes == {*NAMES, "cpu/mini", "cpu/tiny"}


@pytest.mark.parametrize("name", NAMES)
def test_a_model_file_gives_the_published_parameters(name: str):
    module, model = module_of(name), published(name)
    params: dict[str, Any] = dict(flatten_dict(abstract_params(module), sep="/"))
    assert {path: param.shape for path, param in params.items()} == expected_shapes(model)
    assert {param.dtype.name for param in params.values()} == {"float32"}
    assert parameter_count(module.config) == model.parameters


@pytest.mark.parametrize("name", ["t5/11b", "byt5/xxl"])
def test_the_largest_models_compute_with_these_parameters(name: str):
    """Whatever lacks a parameter, or finds another shape, stops here."""
    module = module_of(name)
    features = ("encoder_input_tokens", "decoder_input_tokens", "encoder_segment_ids")
    tokens = jnp.ones((2, 4), jnp.int32)
    batch: dict[str, jax.Array] = dict.fromkeys((*features, "decoder_segment_ids"), tokens)
    logits = jax.eval_shape(lambda p: apply(module, p, batch), abstract_params(module))
    assert (logits.shape, logits.dtype) == ((2, 4, published(name).vocabulary), "float32")


@pytest.mark.parametrize("name", NAMES)
def test_a_model_file_states_its_parameter_count(name: str):
    parse(name)
    first_line = (FOLDER / f"{name}.gin").read_text().splitlines()[0]
    count = published(name).parameters
    if not name.startswith("flan_t5/"):  # They refer to T5 1.1's.
        stated = f"{count / 1e6:.1f}M" if count < 1e9 else f"{count / 1e9:.2f}B"
        assert f": {stated} parameters" in first_line


@pytest.mark.parametrize("size", MODELS["byt5"])
def test_byt5_reads_bytes_and_needs_no_vocabulary_file(size: str):
    parse(f"byt5/{size}")
    assert gin.get_configurable(EncoderDecoderModel)().vocabulary == ByteVocabulary()


def test_a_vocabulary_file_for_byt5_is_refused():
    with pytest.raises(gin_config.GinConfigError, match="knows a macro VOCABULARY_FILE"):
        gin_config.parse(["gin/models/byt5/small.gin"], ["VOCABULARY_FILE = 'spiece.model'"])


def test_a_vocabulary_of_another_model_is_warned_of(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    """Byte ids in a model of 384 rows are what they should be; in one of 32,128 they are not."""
    monkeypatch.setattr(logging.getLogger("flan_mix"), "propagate", True)  # Commands turn it off.
    EncoderDecoderModel(T5Config(vocab_size=384), ByteVocabulary())
    assert not caplog.records
    EncoderDecoderModel(T5Config(vocab_size=32_128), ByteVocabulary())
    assert "has 259 ids and the model has rows for 32128" in caplog.text
    with pytest.raises(ValueError, match=r"has 259 ids and T5Config\.vocab_size is 256"):
        EncoderDecoderModel(T5Config(vocab_size=256), ByteVocabulary())


def documented_sizes() -> list[tuple[str, str, str]]:
    """(model, parameters, memory) for each row of the table in docs/models.md."""
    page = (REPOSITORY / "docs" / "models.md").read_text()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines()]
    files = [(row, re.fullmatch(r"`gin/models/(.+)\.gin`", row[1])) for row in rows if len(row) > 3]
    return [(file[1], row[2], row[3]) for row, file in files if file]


def test_the_table_of_models_has_every_file():
    documented = [name for name, _, _ in documented_sizes()]
    # Models adapted to language modelling have the files of T5 1.1.
    assert sorted(documented) == sorted([*NAMES, *(f"t5_1_1/{size}" for size in T5_1_1)])


@pytest.mark.parametrize("row", documented_sizes(), ids=lambda row: row[0])
def test_the_table_of_models_is_right(row: tuple[str, str, str]):
    name, parameters, memory = row
    assert parameters == f"{published(name).parameters:,}"
    held = sum(bytes_held(shape) for shape in expected_shapes(published(name)).values())
    assert memory == f"{held / 1e9:.2f} GB"


@functools.cache
def bytes_held(shape: tuple[int, ...]) -> int:
    """Of a float32 parameter and Adafactor's slots for it."""
    param = jax.ShapeDtypeStruct(shape, "float32")
    slots = jax.eval_shape(Adafactor().build().init, param)
    return sum(math.prod(a.shape) * a.dtype.itemsize for a in jax.tree.leaves((param, slots)))
