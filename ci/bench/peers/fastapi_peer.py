"""Answers POST /mnist with the class of a digit: `fastapi_peer.py <model.onnx> <port>`. One process."""
import sys

import uvicorn
from digit_model import DigitModel
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()
model = DigitModel(sys.argv[1])


class Digit(BaseModel):
    image: list[float]


@app.post("/mnist")
def mnist(digit: Digit):
    return {"digit": model.classify(digit.image)}


uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), log_level="error")
