"""Writes lib/test/fixtures/torch-values.json: what PyTorch computes for the networks of torch.test.ts.

    python3 -m venv torch && torch/bin/pip install torch numpy && torch/bin/python ci/torch-reference.py

Weights and data come from a formula that both sides know, so that the file holds results only.
"""
import json
import math

import torch
from torch import nn

torch.set_num_threads(1)


def pattern(length, factor, scale):
    """The numbers that the test makes too: they look random, but need no generator."""
    i = torch.arange(length, dtype=torch.float64)
    return (torch.frac(torch.sin((i + 1) * factor) * 43758.5453) * scale).float()


class Block(nn.Module):
    def __init__(self, a, b, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(a, b, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(b)
        self.conv2 = nn.Conv2d(b, b, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(b)
        self.downsample = None
        if stride != 1 or a != b:
            self.downsample = nn.Sequential(nn.Conv2d(a, b, 1, stride, bias=False), nn.BatchNorm2d(b))

    def forward(self, x):
        around = x if self.downsample is None else self.downsample(x)
        return torch.relu(self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x))))) + around)


class ResNet18(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = nn.Sequential(Block(64, 64, 1), Block(64, 64, 1))
        self.layer2 = nn.Sequential(Block(64, 128, 2), Block(128, 128, 1))
        self.layer3 = nn.Sequential(Block(128, 256, 2), Block(256, 256, 1))
        self.layer4 = nn.Sequential(Block(256, 512, 2), Block(512, 512, 1))
        self.fc = nn.Linear(512, 10)

    def forward(self, x):
        x = self.maxpool(torch.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(x.mean((2, 3)))


def cnn():
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(4, 8, 3, stride=2), nn.ReLU(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(72, 10),
    )


def run(model, samples, make, steps):
    with torch.no_grad():
        for i, parameter in enumerate(model.parameters()):
            fan = parameter[0].numel() if parameter.dim() > 1 else 1
            values = pattern(parameter.numel(), 1.1 + 0.37 * i, 1.5 / math.sqrt(fan))
            parameter.copy_((values + (1 if parameter.dim() == 1 else 0)).reshape(parameter.shape))
    x = pattern(samples * 784, 0.7, 2).reshape(samples, 1, 28, 28)
    y = torch.arange(samples) * 7 % 10
    optimizer = make(model.parameters())
    found = {"losses": [], "gradients": {}, "weights": {}, "buffers": {}}
    for step in range(steps):
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        found["losses"].append(loss.item())
        if step == 0:
            for name, parameter in model.named_parameters():
                found["gradients"][name] = facts(parameter.grad)
        optimizer.step()
    for name, parameter in model.named_parameters():
        found["weights"][name] = facts(parameter)
    for name, buffer in model.named_buffers():
        if not name.endswith("num_batches_tracked"):
            found["buffers"][name] = facts(buffer)
    return found


def facts(tensor):
    """Length of the vector, the product of its beginning with a pattern, and its last number."""
    flat = tensor.detach().double().flatten()
    head = flat[:4096]
    return [flat.norm().item(), (head * pattern(head.numel(), 2.3, 1).double()).sum().item(), flat[-1].item()]


adam = lambda p: torch.optim.Adam(p, lr=1e-3, weight_decay=1e-2)
sgd = lambda p: torch.optim.SGD(p, lr=1e-2, momentum=0.9, weight_decay=1e-2)
values = {
    "torch": torch.__version__,
    "cnn with Adam": run(cnn(), 6, adam, 5),
    "cnn with SGD": run(cnn(), 6, sgd, 5),
    "cnn with plain SGD": run(cnn(), 6, lambda p: torch.optim.SGD(p, lr=1e-2), 3),
    "ResNet18 with SGD": run(ResNet18(), 4, sgd, 2),
}
with open("lib/test/fixtures/torch-values.json", "w") as file:
    json.dump(values, file, indent=1)
    file.write("\n")
