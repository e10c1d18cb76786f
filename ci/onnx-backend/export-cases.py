"""Writes ONNX's backend tests as lines of JSON: export-cases.py <file>. Later versions of the package have no data."""
import base64
import json
import os
import sys

import numpy as np
import onnx
from onnx import numpy_helper

ROOT = os.path.join(os.path.dirname(onnx.__file__), "backend", "test", "data")
# "real" has no data in the package: they are downloaded.
FOLDERS = ["node", "simple", "pytorch-operator", "pytorch-converted"]


def value_of(path, info):
    """A tensor as type, dims and bytes; what is no tensor has only its kind."""
    kind = info.type.WhichOneof("value")
    if kind != "tensor_type":
        return {"name": info.name, "kind": kind}
    with open(path, "rb") as file:
        tensor = onnx.TensorProto.FromString(file.read())
    value = {"name": info.name, "kind": "tensor", "type": onnx.TensorProto.DataType.Name(tensor.data_type), "dims": list(tensor.dims)}
    if tensor.data_type == onnx.TensorProto.STRING:
        return {**value, "texts": [text.decode() for text in tensor.string_data]}
    try:
        array = numpy_helper.to_array(tensor)
    except Exception as error:
        return {**value, "unreadable": str(error)}
    return {**value, "data": base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()}


def values_of(folder, prefix, infos):
    found = []
    for at, info in enumerate(infos):
        path = os.path.join(folder, f"{prefix}_{at}.pb")
        if os.path.exists(path):
            found.append(value_of(path, info))
    return found


with open(sys.argv[1], "w") as out:
    for folder in FOLDERS:
        for name in sorted(os.listdir(os.path.join(ROOT, folder))):
            case = os.path.join(ROOT, folder, name)
            model = os.path.join(case, "model.onnx")
            if not os.path.exists(model):
                continue
            graph = onnx.load(model, load_external_data=False).graph
            weights = {each.name for each in graph.initializer}
            inputs = [info for info in graph.input if info.name not in weights]
            sets = sorted(each for each in os.listdir(case) if each.startswith("test_data_set"))
            tests = [
                {
                    "inputs": values_of(os.path.join(case, each), "input", inputs),
                    "outputs": values_of(os.path.join(case, each), "output", graph.output),
                }
                for each in sets
            ]
            out.write(json.dumps({"name": f"{folder}/{name}", "model": model, "tests": tests}) + "\n")
