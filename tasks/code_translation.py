"""Code translation: methods of Java projects and their C# ports (CodeXGLUE).

Code is shown and asked for in the spelling of `code_escape`, because T5's vocabulary holds no
braces; `unescape` undoes it before anything is scored. The inverted templates go from C# to Java.
"""

from collections.abc import Mapping
from typing import Any

from flan_mix.metrics import accuracy, edit_similarity
from flan_mix.registry import FileSource, TaskSpec, add_task
from flan_mix.tasks.code_escape import escape, unescape
from flan_mix.tasks.data_dir import data_dir
from flan_mix.templates import Template

CATEGORY = "code_translation"


def _to_cs(inputs: str, name: str) -> Template:
    return Template(inputs, "{cs}", name=name)


def _to_java(inputs: str, name: str) -> Template:
    return Template(inputs, "{java}", name=name, inverted=True)


JAVA_TO_CS_TEMPLATES = (
    _to_cs("Here is a method in Java:\n{java}\n\nWrite the same method in C#.", name="same_method"),
    _to_cs("Java: {java}\nC#:", name="labels"),
    _to_cs("{java}\n\nWhat would a C# programmer have written instead?", name="what_instead"),
    _to_cs(
        "You are porting a Java library to .NET. Port this member, and follow the naming habits of "
        "C#:\n{java}",
        name="porting_a_library",
    ),
    _to_cs(
        "Our team is moving from Java to C#. Please convert the snippet below; reply with code and "
        "nothing else.\n\n{java}",
        name="please_convert",
    ),
    _to_cs(
        "The tests of a C# class expect exactly the behaviour of the following Java code. Supply "
        "the member that passes them.\n\n{java}",
        name="pass_the_tests",
    ),
    _to_cs(
        "In a table of equivalents the left column holds Java and the right one C#. One cell is "
        "empty.\nLeft: {java}\nRight:",
        name="table_of_equivalents",
    ),
    _to_cs(
        "I read C# well but no Java. Can you show me this in my language?\n\n{java}",
        name="my_language",
    ),
    _to_cs(
        "{java}\n\nKeep the logic, change the language: from Java types, calls and capitalization "
        "to those of C#.",
        name="keep_the_logic",
    ),
    _to_cs(
        "Source language: Java\nTarget language: C#\nSource: {java}\nTarget:",
        name="source_and_target",
    ),
    _to_cs("port to c#, thx: {java}", name="thanks"),
    _to_java("Here is C# code:\n{cs}\n\nGive its Java original.", name="java_original"),
    _to_java(
        "This member of a .NET class is to run on the Java virtual machine. Rewrite it in Java.\n\n"
        "{cs}",
        name="run_on_the_jvm",
    ),
    _to_java("C#: {cs}\nJava:", name="labels_to_java"),
)


def _fields(row: Mapping[str, Any]) -> dict[str, str]:
    return {"java": escape(row["java"]), "cs": escape(row["cs"])}


def _parallel(stem: str, suffix: str = "") -> dict[str, str]:
    return {
        "java": f"codexglue_java_cs/{stem}.java-cs.txt.java{suffix}",
        "cs": f"codexglue_java_cs/{stem}.java-cs.txt.cs{suffix}",
    }


add_task(
    TaskSpec(
        name="java_to_cs",
        category=CATEGORY,
        source=FileSource(
            {
                "train": _parallel("train", ".gz"),
                "validation": _parallel("valid"),
                "test": _parallel("test"),
            },
            format="lines",
            data_dir=data_dir,
        ),
        fields=_fields,
        templates=JAVA_TO_CS_TEMPLATES,
        metrics=(edit_similarity, accuracy),
        postprocess=unescape,
        accepted={"long_target": "methods are as long as they are; 384 tokens hold most"},
        licence="C-UDA 1.0",
        citation="Lu, Guo, Ren et al., CodeXGLUE: A Machine Learning Benchmark Dataset for Code "
        "Understanding and Generation, 2021, https://arxiv.org/abs/2102.04664",
    )
)
