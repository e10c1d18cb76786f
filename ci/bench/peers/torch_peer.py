"""Trains the CNN of train.mjs with PyTorch on one thread. Each line of stdin is a number of steps; the answer is samples per second."""
import sys
import time

import torch
from torch import nn

torch.set_num_threads(1)
BATCH = 64
model = nn.Sequential(
    nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(8, 16, 3), nn.ReLU(), nn.MaxPool2d(2),
    nn.Flatten(), nn.Linear(400, 10),
)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
x = torch.rand(BATCH, 1, 28, 28) * 2 - 1
y = torch.arange(BATCH) % 10


def steps(count):
    for _ in range(count):
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


for line in sys.stdin:
    steps(5)
    begun = time.perf_counter()
    steps(int(line))
    print(int(line) * BATCH / (time.perf_counter() - begun), flush=True)
