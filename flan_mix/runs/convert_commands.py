"""The command `flan-mix convert`: its arguments and what it calls."""

import argparse
import sys

_FORMATS = ("hf", "t5x", "t5x-orbax", "flan_mix")
_SOURCE = "a checkpoint of any format: a folder, a MODEL_DIR, a URL, hf:owner/name"


def add_convert_command(commands: argparse._SubParsersAction) -> None:
    """Adds `convert` to the commands of `flan-mix`."""
    what = "write a checkpoint in another format, and verify it"
    convert = commands.add_parser(
        "convert",
        help=what,
        description=what,
        epilog="Exit status: 0; 1 where the copy is not the same model; 2 where it cannot be made.",
    )
    convert.add_argument("source", metavar="SRC", help=_SOURCE)
    convert.add_argument(
        "destination",
        metavar="DST",
        help="a folder: itself for hf, else its checkpoint_<step> (or DST where it is named so)",
    )
    convert.add_argument("--to", required=True, choices=_FORMATS, help="the format to write")
    convert.add_argument(
        "--dtype", choices=("float32", "bfloat16"), help="of the parameters; default: as they are"
    )
    convert.add_argument(
        "--layers",
        choices=("unrolled", "scanned", "scanned-shared-bias"),
        default="unrolled",
        help="scanned: all layers in one array, as T5X's scalable_t5 loads them; "
        "scanned-shared-bias: with one table of position biases a stack (default: unrolled)",
    )
    convert.add_argument(
        "--vocabulary",
        metavar="FILE",
        help="for hf: the SentencePiece model to make the tokenizer of, or 'bytes' for ByT5's",
    )
    convert.add_argument(
        "--extra_ids",
        type=int,
        default=None,
        metavar="N",
        help="sentinels behind the vocabulary's pieces (default: 100; 125 with bytes)",
    )
    convert.add_argument("--name", help="for hf: what the model card calls it (default: DST's)")
    convert.add_argument(
        "--max_shard_gb", type=float, default=5.0, metavar="GB", help="for hf: the largest file"
    )
    convert.add_argument(
        "--verify",
        choices=("full", "parameters", "none"),
        default="full",
        help="full: parameters and the logits of a probe batch (default)",
    )
    convert.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> None:
    from flan_mix.checkpoints.conversion import ConversionError, ConversionSettings
    from flan_mix.runs.convert import BYTES, convert_checkpoint, open_vocabulary
    from flan_mix.runs.gin_main import set_up_logging

    set_up_logging()
    try:
        vocabulary = None
        if arguments.vocabulary is not None:
            default = 125 if arguments.vocabulary == BYTES else 100
            extra_ids = default if arguments.extra_ids is None else arguments.extra_ids
            vocabulary = open_vocabulary(arguments.vocabulary, extra_ids)
        settings = ConversionSettings(
            to=arguments.to,
            dtype=arguments.dtype,
            layers=arguments.layers,
            verification=arguments.verify,
            max_shard_bytes=int(arguments.max_shard_gb * 1e9),
        )
        convert_checkpoint(
            arguments.source,
            arguments.destination,
            settings,
            vocabulary=vocabulary,
            name=arguments.name,
        )
    except ConversionError as error:
        print(f"Error: the copy is not the same model: {error}", file=sys.stderr)
        sys.exit(1)
    except (OSError, ValueError, ImportError) as error:
        print(f"Error: {error}", file=sys.stderr)
        sys.exit(2)
