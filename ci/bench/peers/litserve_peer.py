"""Answers POST /mnist with the class of a digit: `litserve_peer.py <model.onnx> <port>`. A process for HTTP, and one for the model."""
import sys

import litserve
from digit_model import DigitModel


class Mnist(litserve.LitAPI):
    def setup(self, device):
        self.model = DigitModel(sys.argv[1])

    def decode_request(self, request):
        return request["image"]

    def predict(self, image):
        return self.model.classify(image)

    def encode_response(self, digit):
        return {"digit": digit}


if __name__ == "__main__":
    server = litserve.LitServer(Mnist(api_path="/mnist"), accelerator="cpu")
    server.run(host="127.0.0.1", port=int(sys.argv[2]), log_level="error", generate_client_file=False)
