"""Packaging: everything that is data or extras; the build itself is plain setuptools."""

from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
VERSION = next(
    line.split('"')[1]
    for line in (HERE / "flan_mix" / "__init__.py").read_text().splitlines()
    if line.startswith("__version__")
)

setup(
    name="flan-mix",
    version=VERSION,
    description="Instruction-tune T5 and FLAN-T5 on many tasks at once, and see what that did.",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    license_files=["LICENSE"],
    python_requires=">=3.11",
    # flan_mix/tasks and flan_mix/gin are symlinks into the repository: nothing named `tasks` or
    # `gin` reaches a user's site-packages.
    packages=find_packages(include=["flan_mix", "flan_mix.*"]),
    package_data={
        "flan_mix": ["gin/**/*.gin", "py.typed"],
        "flan_mix.reports": ["templates/*"],
        "flan_mix.tasks.starter": ["data/*.jsonl.gz", "*.model"],
    },
    install_requires=[
        "absl-py>=2.0",
        "editdistance>=0.6",
        # URLs of checkpoints; Orbax brings it.
        "fsspec>=2024.2",
        "flax>=0.10",
        "gin-config>=0.5.0",
        # TFDS 4.9 imports it to prepare a dataset and does not ask for it.
        "importlib_resources>=5",
        "jax>=0.6",
        "jaxtyping>=0.2.30",
        "jinja2>=3.1",
        "matplotlib>=3.8",
        # bfloat16 in checkpoints; JAX brings it, as Flax brings msgpack and Orbax TensorStore.
        "ml_dtypes>=0.4",
        "numpy>=1.26",
        "optax>=0.2.4",
        "orbax-checkpoint>=0.11",
        "protobuf>=4.21",
        "pyarrow>=15",
        "rich>=13",
        "rouge-score>=0.1.2",
        "sacrebleu>=2.3",
        "sentencepiece>=0.2.0",
        "seqio>=0.0.20",
        "tensorboardX>=2.6",
        "tensorflow-datasets>=4.9.4",
        "tensorstore>=0.1.80",
    ],
    extras_require={
        "gpu": ["jax[cuda13]"],
        "tpu": ["jax[tpu]"],
        "hf": ["datasets>=4", "huggingface_hub>=0.25"],
        "beam": ["apache-beam>=2.60"],
        "test": [
            "hypothesis>=6",
            "pyright>=1.1.390",
            "pytest>=8",
            "pytest-xdist>=3",
            "ruff>=0.8",
            # The reference that our reading and writing of its files is held against.
            "safetensors>=0.4",
        ],
    },
    entry_points={"console_scripts": ["flan-mix=flan_mix.cli:main"]},
    classifiers=[
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
    ],
)
