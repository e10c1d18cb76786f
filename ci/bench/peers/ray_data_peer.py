"""Ray Data as a peer: answers one JSON command a line with one JSON line, times in ms. Each command has the path of a Parquet file."""

import sys
import time

import ray
import ray.data
from answer_commands import answer_commands
from ray.data.expressions import col

FOLDER = sys.argv[2]


def start(_):
    ray.init(num_cpus=2, _temp_dir=FOLDER, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    return None


def timed(work):
    def command(path):
        begun = time.perf_counter()
        work(ray.data.read_parquet(path))
        return 1e3 * (time.perf_counter() - begun)

    return command


def group(rows):
    means = rows.filter(expr=col("x") > 100).groupby("key").mean("x").take_all()
    assert len(means) == 1000


def batches(rows):
    doubled = rows.map_batches(lambda batch: {"id": batch["id"], "x": batch["x"] * 2}, batch_size=4096)
    assert doubled.sum("x") > 0


def shuffle(rows):
    assert rows.random_shuffle().materialize().count() == 2_000_000


def shutdown(_):
    ray.shutdown()
    return None


commands = {"start": start, "group": timed(group), "batches": timed(batches), "shuffle": timed(shuffle), "shutdown": shutdown}
answer_commands(ray.__version__, commands)
