"""Quality, learning, wrong calls, tokens and speed of the tool router.

    OMP_NUM_THREADS=1 python benchmarks/routing_quality.py ../shared/data/routing --output /tmp/out

The data sets are not part of the package; `load_routing_datasets` says how they are laid out. With
the local MiniLM, embedding some 20,000 questions takes a few minutes on one core.
"""

import argparse

from langchain_phase5.routing.benchmark import run_benchmark

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("data")
parser.add_argument("--output")
parser.add_argument("--sizes", type=int, nargs="*", default=[200, 10_000, 100_000])
parser.add_argument("--words-only", action="store_true")
arguments = parser.parse_args()
run_benchmark(
    arguments.data,
    arguments.output,
    embeddings=None if arguments.words_only else "auto",
    sizes=arguments.sizes,
)
