"""Hugging Face T5 folders: config.json and safetensors, in one file or several with an index."""

import json

from flan_mix.checkpoints.arrays import StoredArray, transposed
from flan_mix.checkpoints.hugging_face_names import config_fields, tensor_name
from flan_mix.checkpoints.location import Location
from flan_mix.checkpoints.safetensors import open_safetensors
from flan_mix.checkpoints.stored_checkpoint import StoredCheckpoint
from flan_mix.models import T5Config, Transformer, flat_abstract_params

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
WEIGHTS_INDEX = "model.safetensors.index.json"

# Names of one and the same table: a file may hold any of them.
_EMBEDDINGS = ("shared.weight", "encoder.embed_tokens.weight", "decoder.embed_tokens.weight")
_LOGITS = "lm_head.weight"  # and this, where logits are tied to the embedding
# The first T5 checkpoints have a bias on cross-attention that no implementation uses.
_UNUSED = ("decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight",)


def open_hugging_face(folder: Location) -> StoredCheckpoint:
    """The model in a folder with config.json and safetensors; it has no step.

    Raises ValueError for another model than T5, for tensors that are missing or that T5 has no
    place for, and FileNotFoundError where the weights are in another form.
    """
    content = folder.read(CONFIG)
    if content is None:
        raise FileNotFoundError(f"{folder.url}: no {CONFIG}")
    described = config_fields(json.loads(content), f"{folder.url}/{CONFIG}")
    tensors = _tensors(folder)
    same = (*_EMBEDDINGS, _LOGITS) if described["logits_via_embedding"] else _EMBEDDINGS
    parameters = {}
    for path in flat_abstract_params(Transformer(T5Config(**described))):
        name, is_transposed = tensor_name(path)
        names = same if name in same else (name,)
        tensor = next((tensors[n] for n in names if n in tensors), None)
        if tensor is None:
            raise ValueError(f"{folder.url}: the weights lack {name}")
        parameters[path] = transposed(tensor) if is_transposed else tensor
    known = {tensor_name(path)[0] for path in parameters} | {*same, *_UNUSED}
    if strangers := sorted(tensors.keys() - known):
        raise ValueError(
            f"{folder.url}: T5 has no place for {len(strangers)} of its tensors, such as "
            f"{strangers[0]}: adapters have to be merged first"
        )
    # A vocabulary may have been resized without the configuration.
    described["vocab_size"] = parameters["token_embedder/embedding"].shape[0]
    return StoredCheckpoint(folder.url, "hf", None, parameters, described=described)


def _tensors(folder: Location) -> dict[str, StoredArray]:
    if index := folder.read(WEIGHTS_INDEX):
        files = sorted(set(json.loads(index)["weight_map"].values()))
    elif folder.has(WEIGHTS):
        files = [WEIGHTS]
    else:
        raise FileNotFoundError(
            f"{folder.url} has no {WEIGHTS}. Weights in pytorch_model.bin are pickled, which is "
            "not read; where transformers and torch are installed, "
            "T5ForConditionalGeneration.from_pretrained(FOLDER).save_pretrained(NEW_FOLDER) "
            "writes safetensors."
        )
    tensors: dict[str, StoredArray] = {}
    for file in files:
        tensors |= open_safetensors(folder, file)
    return tensors
