"""Prints the reference values in lib/src/onnx/images/pillow.test.ts: what Pillow and ONNX Runtime make of the photograph of the cat.

Run it in an environment with pillow, numpy, onnx and onnxruntime: python ci/pillow-reference.py datasets/images/chelsea.png
"""
import hashlib
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper
from PIL import Image, ImageEnhance, ImageOps

photo = Image.open(sys.argv[1]).convert("RGB")
R = Image.Resampling
KERNELS = {"nearest": R.NEAREST, "box": R.BOX, "bilinear": R.BILINEAR, "hamming": R.HAMMING, "bicubic": R.BICUBIC, "lanczos": R.LANCZOS}


def show(name, image):
    print(f"  '{name}': '{hashlib.sha256(np.asarray(image).tobytes()).hexdigest()[:16]}',")


show("photo", photo)
for name, kernel in KERNELS.items():
    for width, height in ((128, 128), (900, 617), (451, 100), (60, 300)):
        show(f"{name} {width}x{height}", photo.resize((width, height), kernel))
    show(f"{name} cover 224x224", ImageOps.fit(photo, (224, 224), kernel))
    show(f"{name} contain 300x301", ImageOps.pad(photo, (300, 301), kernel))
see_through = photo.copy()
see_through.putalpha(photo.convert("L"))
for name, kernel in KERNELS.items():
    show(f"alpha {name} 128x128", see_through.resize((128, 128), kernel))
    show(f"alpha {name} 451x617", see_through.resize((451, 617), kernel))
    show(f"alpha {name} cover 224x224", ImageOps.fit(see_through, (224, 224), kernel))
for factor in (0, 0.5, 2.5, 8, -1):
    show(f"sharp {factor}", ImageEnhance.Sharpness(photo).enhance(factor))
show("grey", photo.convert("L"))


def interpolate(width, height, mode):
    """What torch.nn.functional.interpolate does without antialiasing, by ONNX Runtime's Resize."""
    resize = helper.make_node("Resize", ["x", "", "", "size"], ["y"], mode=mode, coordinate_transformation_mode="half_pixel", cubic_coeff_a=-0.75)
    info = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, None, None]) for name in "xy"]
    size = helper.make_tensor("size", TensorProto.INT64, [4], [1, 3, height, width])
    graph = helper.make_graph([resize], "g", info[:1], info[1:], [size])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    x = np.asarray(photo, np.float32).transpose(2, 0, 1)[None]
    [y] = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": x})
    return y[0].transpose(1, 2, 0)


for mode, name in (("linear", "bilinear"), ("cubic", "bicubic")):
    for width, height in ((128, 128), (900, 617)):
        values = interpolate(width, height, mode)
        step = values.size // 24
        picked = ", ".join(f"{value:.3f}" for value in values.ravel()[::step][:24])
        print(f"  '{name} {width}x{height}': [{picked}],")
