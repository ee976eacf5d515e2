"""The `flan-mix` command: the entry points under one name, and what needs no gin file."""

import argparse
import runpy
import sys

from flan_mix.runs import comparison_commands, task_commands
from flan_mix.runs.convert_commands import add_convert_command
from flan_mix.runs.suite_commands import add_suite_commands

GIN_COMMANDS = {
    "train": "flan_mix.train",
    "eval": "flan_mix.eval",
    "infer": "flan_mix.infer",
    "cache": "flan_mix.cache",
    "plan": "flan_mix.plan",
}


def main() -> None:
    """Runs the command that the first argument names."""
    if len(sys.argv) > 1 and sys.argv[1] in GIN_COMMANDS:
        module = GIN_COMMANDS[sys.argv[1]]
        sys.argv = [module, *sys.argv[2:]]
        # As __main__, where gin files look for the function.
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        return
    arguments = _parser().parse_args()
    arguments.run(arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="flan-mix", description="Instruction-tune T5 on many tasks, and see what that did."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, module in GIN_COMMANDS.items():
        commands.add_parser(name, help=f"as python -m {module}")
    demo = commands.add_parser("demo", help="train a small T5 on the bundled tasks and report")
    demo.add_argument("--output_dir", default="out/demo", help="its folder model/ is replaced")
    demo.add_argument("--steps", type=int, default=None, help="fewer steps than the recipe's")
    demo.set_defaults(run=_demo)
    comparison_commands.add_commands(commands)
    task_commands.add_commands(commands)
    add_suite_commands(commands)
    add_convert_command(commands)
    return parser


def _demo(arguments: argparse.Namespace) -> None:
    from flan_mix.runs.demo import demo
    from flan_mix.runs.gin_main import set_up_logging

    set_up_logging()
    path = demo(arguments.output_dir, steps=arguments.steps)
    print(f"Report: {path}")


if __name__ == "__main__":
    main()
