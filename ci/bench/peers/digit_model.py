"""The model of the Python peers, on one thread."""
import numpy as np
import onnxruntime as ort


class DigitModel:
    def __init__(self, path):
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def classify(self, image):
        pixels = np.asarray(image, dtype=np.float32).reshape(1, 1, 28, 28)
        return int(self.session.run(None, {"image": pixels})[0].argmax())
