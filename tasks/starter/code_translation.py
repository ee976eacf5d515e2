"""Starter task: turn a line of Python into JavaScript.

A toy: assignments, calls, conditions, loops and functions over a few names, each on one line. The
collection's own vocabulary holds every character of both languages, so nothing needs escaping.
Main score: accuracy, that is the whole line to the letter.
"""

from flan_mix.metrics import accuracy, edit_similarity
from flan_mix.registry import TaskSpec, add_task
from flan_mix.tasks.starter.starter_files import LICENCE, STARTER_VOCABULARY, starter_source
from flan_mix.templates import Template

add_task(
    TaskSpec(
        name="starter_code",
        category="code_translation",
        source=starter_source("code"),
        fields={"id": "id", "python": "python", "javascript": "javascript"},
        templates=(
            Template("Translate this Python to JavaScript: {python}", "{javascript}"),
            Template("{python}\nThe same in JavaScript:", "{javascript}"),
            Template("Python: {python}\nJavaScript:", "{javascript}"),
            Template("{python}\nHow would a JavaScript file put it?", "{javascript}"),
            Template("Rewrite the line for a web page, in JavaScript.\n{python}", "{javascript}"),
            Template("{python}\nThis is Python. Make it JavaScript.", "{javascript}"),
            Template("I know Python, not JavaScript. What is this there? {python}", "{javascript}"),
            Template("Give the JavaScript code that does what this does: {python}", "{javascript}"),
            Template("Change the language of the code from Python.\n{python}", "{javascript}"),
            Template("Line in Python: {python} Write its translation.", "{javascript}"),
        ),
        metrics=(accuracy, edit_similarity),
        vocabulary=STARTER_VOCABULARY,
        accepted={"dropped_characters": "other vocabularies lack braces; the task's own has them"},
        licence=LICENCE,
    )
)
