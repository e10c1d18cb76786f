"""Ray Serve as a peer: answers one JSON command a line with one JSON line, times in ms.

The clock of `start` begins before Ray is imported, as the first cell of a notebook would do.
"""

import json
import os
import sys
import time
import urllib.request

begun = time.perf_counter()
import ray  # noqa: E402
from answer_commands import answer_commands  # noqa: E402
from ray import serve  # noqa: E402
from starlette.requests import Request  # noqa: E402

importing = time.perf_counter() - begun

PORT = int(sys.argv[1])
FOLDER = sys.argv[2]
NODES = int(os.environ.get("BENCH_NODES", "1"))


@serve.deployment(max_ongoing_requests=100, ray_actor_options={"num_cpus": 0.1})
class Echo:
    def __init__(self, prefix: str = ""):
        self.prefix = prefix

    async def __call__(self, request: Request):
        return {"result": self.prefix + (await request.json())["input"]}

    def echo(self, text: str) -> str:
        return self.prefix + text


@serve.deployment(max_ongoing_requests=100, ray_actor_options={"num_cpus": 0.1})
class Mnist:
    def __init__(self, path: str):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.input = self.session.get_inputs()[0].name

    async def __call__(self, request: Request):
        import numpy

        image = numpy.asarray((await request.json())["image"], numpy.float32).reshape(1, 1, 28, 28)
        return {"digit": int(self.session.run(None, {self.input: image})[0].argmax())}


handle = None


def ask(path):
    """First answer of an application that has just been run."""
    body = json.dumps({"input": "hello"}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{PORT}{path}", body, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)["result"]


def run(application, name, path):
    return serve.run(application, name=name, route_prefix=path)


def start(_):
    global handle
    begun = time.perf_counter()
    options = {}
    if NODES == 1:
        ray.init(num_cpus=2, _temp_dir=FOLDER, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    else:
        from ray.cluster_utils import Cluster

        # The proxy is on the head, and the replica on the other node.
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "temp_dir": FOLDER, "include_dashboard": False})
        cluster.add_node(num_cpus=1, resources={"other": 1})
        ray.init(address=cluster.address, log_to_driver=False, logging_level="ERROR")
        options = {"ray_actor_options": {"num_cpus": 0.1, "resources": {"other": 0.1}}}
    serve.start(proxy_location="HeadOnly", http_options={"port": PORT})
    handle = run(Echo.options(**options).bind(""), "echo", "/")
    assert ask("/") == "hello"
    return 1e3 * (importing + time.perf_counter() - begun)


def another(name):
    begun = time.perf_counter()
    run(Echo.bind(name), name, "/" + name)
    assert ask("/" + name) == name + "hello"
    return 1e3 * (time.perf_counter() - begun)


def update(prefix):
    """The first application with another argument, until the new version answers."""
    begun = time.perf_counter()
    run(Echo.bind(prefix), "echo", "/")
    while ask("/") != prefix + "hello":
        pass
    return 1e3 * (time.perf_counter() - begun)


def calls(count):
    times = []
    for _ in range(count):
        begun = time.perf_counter()
        handle.echo.remote("x").result()
        times.append(1e3 * (time.perf_counter() - begun))
    return times


def mnist(path):
    run(Mnist.bind(path), "mnist", "/mnist")
    return None


def shutdown(_):
    serve.shutdown()
    ray.shutdown()
    return None


commands = {
    "start": start,
    "another": another,
    "update": update,
    "calls": calls,
    "mnist": mnist,
    "shutdown": shutdown,
}
answer_commands(ray.__version__, commands)
