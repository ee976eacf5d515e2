"""T5 in plain NumPy and float64: a second implementation that our model is checked against.

Written for clarity and independence: loops over rows, examples and heads; segments are cut out of
the packed row instead of masked; position buckets are found from their published borders instead
of a logarithm. It shares no code with flan_mix.models.
"""

import bisect

import numpy as np

# The least distance of each bucket (a bidirectional table has 16 of them per direction).
BIDIRECTIONAL_BORDERS = (0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 23, 32, 46, 64, 91)
UNIDIRECTIONAL_BORDERS = (
    *range(16),
    16,
    19,
    21,
    24,
    27,
    31,
    35,
    40,
    46,
    52,
    59,
    67,
    77,
    87,
    99,
    113,
)


def bucket(offset: int, bidirectional: bool) -> int:
    """The bucket of key position minus query position."""
    if bidirectional:
        past_or_future = 16 if offset > 0 else 0
        return past_or_future + bisect.bisect_right(BIDIRECTIONAL_BORDERS, abs(offset)) - 1
    return bisect.bisect_right(UNIDIRECTIONAL_BORDERS, max(-offset, 0)) - 1


class NumpyT5:
    """One model: `config` as T5Config's fields in a dict, `params` flat by T5X path."""

    def __init__(self, config, params):
        self.config = config
        self.params = {path: np.asarray(value, np.float64) for path, value in params.items()}

    def logits(self, batch):
        """[batch, target_length, vocab] of a packed batch; NaN at padding."""
        targets = batch["decoder_input_tokens"]
        result = np.full((*targets.shape, self.config["vocab_size"]), np.nan)
        for row in range(len(targets)):
            decoder_segments = batch["decoder_segment_ids"][row]
            for segment in set(decoder_segments.tolist()) - {0}:
                inputs = batch["encoder_input_tokens"][row][
                    batch["encoder_segment_ids"][row] == segment
                ]
                places = decoder_segments == segment
                result[row, places] = self.example_logits(inputs, targets[row][places])
        return result

    def example_logits(self, inputs, decoder_inputs):
        """[len(decoder_inputs), vocab] of one example alone."""
        encoded = self.encode(inputs)
        x = self.params["token_embedder/embedding"][decoder_inputs]
        bias = self.bias("decoder", len(x), bidirectional=False)
        for layer in range(self.config["num_decoder_layers"]):
            path = f"decoder/layers_{layer}"
            y = self.norm(x, f"{path}/pre_self_attention_layer_norm")
            x = x + self.attention(y, y, f"{path}/self_attention", bias, causal=True)
            y = self.norm(x, f"{path}/pre_cross_attention_layer_norm")
            x = x + self.attention(y, encoded, f"{path}/encoder_decoder_attention")
            x = x + self.mlp(self.norm(x, f"{path}/pre_mlp_layer_norm"), f"{path}/mlp")
        x = self.norm(x, "decoder/decoder_norm")
        if self.config["logits_via_embedding"]:
            return x @ self.params["token_embedder/embedding"].T / np.sqrt(x.shape[-1])
        return x @ self.params["decoder/logits_dense/kernel"]

    def encode(self, inputs):
        """[len(inputs), emb_dim]: the encoder's output for one example."""
        x = self.params["token_embedder/embedding"][inputs]
        bias = self.bias("encoder", len(x), bidirectional=True)
        for layer in range(self.config["num_encoder_layers"]):
            path = f"encoder/layers_{layer}"
            y = self.norm(x, f"{path}/pre_attention_layer_norm")
            x = x + self.attention(y, y, f"{path}/attention", bias)
            x = x + self.mlp(self.norm(x, f"{path}/pre_mlp_layer_norm"), f"{path}/mlp")
        return self.norm(x, "encoder/encoder_norm")

    def bias(self, stack, length, bidirectional):
        table = self.params[f"{stack}/relpos_bias/rel_embedding"]
        result = np.empty((len(table), length, length))
        for query in range(length):
            for key in range(length):
                result[:, query, key] = table[:, bucket(key - query, bidirectional)]
        return result

    def norm(self, x, path):
        root_mean_square = np.sqrt(np.mean(x**2, axis=-1, keepdims=True) + 1e-6)
        return x / root_mean_square * self.params[f"{path}/scale"]

    def attention(self, x_q, x_kv, path, bias=None, causal=False):
        kernel = {name: self.params[f"{path}/{name}/kernel"] for name in ("query", "key", "value")}
        size = self.config["head_dim"]
        heads = []
        for head in range(self.config["num_heads"]):
            columns = slice(head * size, (head + 1) * size)
            scores = (x_q @ kernel["query"][:, columns]) @ (x_kv @ kernel["key"][:, columns]).T
            if bias is not None:
                scores = scores + bias[head]
            if causal:
                scores = np.where(np.tri(*scores.shape, dtype=bool), scores, -np.inf)
            weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
            weights /= weights.sum(axis=-1, keepdims=True)
            heads.append(weights @ (x_kv @ kernel["value"][:, columns]))
        return np.concatenate(heads, axis=-1) @ self.params[f"{path}/out/kernel"]

    def mlp(self, x, path):
        if tuple(self.config["mlp_activations"]) == ("relu",):
            hidden = np.maximum(x @ self.params[f"{path}/wi/kernel"], 0.0)
        else:
            hidden = gelu(x @ self.params[f"{path}/wi_0/kernel"])
            hidden = hidden * (x @ self.params[f"{path}/wi_1/kernel"])
        return hidden @ self.params[f"{path}/wo/kernel"]


def gelu(x):
    """The tanh approximation (1606.08415, section 2)."""
    return 0.5 * x * (1.0 + np.tanh(np.sqrt(2.0 / np.pi) * (x + 0.044715 * x**3)))
