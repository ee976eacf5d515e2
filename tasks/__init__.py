"""What to learn: one module per task category, with the definitions and templates of its tasks.

Importing a module registers its tasks under their names; `flan_mix.tasks.real_mixture` imports all
of those that run on published datasets and registers mixtures of them. The datasets themselves
are not part of Flan Mix: `data_dir` says where they are looked for. Modules here import no
TensorFlow, and nothing is read before a task is used.
"""
