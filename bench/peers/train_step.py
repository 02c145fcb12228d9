"""The training step of fovea-mini's dialogue stage in PyTorch: the same shapes, losses and optimizers, random data.

Takes the task as JSON in its first argument (see bench/training.ts) and prints {"seconds": [...]}.
"""

import json
import math
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn


class VisionLayer(nn.Module):
    def __init__(self, width, inner, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.q, self.k, self.v, self.out = (nn.Linear(width, width) for _ in range(4))
        self.fc1, self.fc2 = nn.Linear(width, inner), nn.Linear(inner, width)

    def forward(self, x):
        b, s, d = x.shape
        normed = self.norm1(x)
        q, k, v = (f(normed).view(b, s, self.heads, -1).transpose(1, 2) for f in (self.q, self.k, self.v))
        mixed = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(b, s, d)
        x = x + self.out(mixed)
        return x + self.fc2(F.gelu(self.fc1(self.norm2(x))))


class Vision(nn.Module):
    def __init__(self, c):
        super().__init__()
        width, patch = c["hidden_size"], c["patch_size"]
        self.patches = nn.Conv2d(3, width, patch, patch, bias=False)
        self.cls = nn.Parameter(torch.randn(width) * 0.05)
        self.positions = nn.Parameter(torch.randn((c["image_size"] // patch) ** 2 + 1, width) * 0.05)
        self.norm = nn.LayerNorm(width)
        make = lambda: VisionLayer(width, c["intermediate_size"], c["num_attention_heads"])
        self.layers = nn.ModuleList(make() for _ in range(c["num_hidden_layers"]))

    def forward(self, pixels):
        x = self.patches(pixels).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls.expand(len(x), 1, -1), x], 1)
        x = self.norm(x + self.positions)
        for layer in self.layers:
            x = layer(x)
        return x


def rotate(x, cos, sin):
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


class DecoderLayer(nn.Module):
    def __init__(self, c):
        super().__init__()
        width, self.heads, self.groups = c["hidden_size"], c["num_attention_heads"], c["num_key_value_heads"]
        keys = width // self.heads * self.groups
        self.norm1, self.norm2 = (nn.RMSNorm(width, c["rms_norm_eps"]) for _ in range(2))
        self.q, self.out = (nn.Linear(width, width, bias=False) for _ in range(2))
        self.k, self.v = (nn.Linear(width, keys, bias=False) for _ in range(2))
        self.gate, self.up = (nn.Linear(width, c["intermediate_size"], bias=False) for _ in range(2))
        self.down = nn.Linear(c["intermediate_size"], width, bias=False)

    def forward(self, x, cos, sin, mask):
        b, s, d = x.shape
        normed = self.norm1(x)
        split = lambda y, heads: y.view(b, s, heads, -1).transpose(1, 2)
        q = rotate(split(self.q(normed), self.heads), cos, sin)
        k = rotate(split(self.k(normed), self.groups), cos, sin)
        v = split(self.v(normed), self.groups)
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, enable_gqa=True)
        x = x + self.out(mixed.transpose(1, 2).reshape(b, s, d))
        normed = self.norm2(x)
        return x + self.down(F.silu(self.gate(normed)) * self.up(normed))


class Model(nn.Module):
    def __init__(self, config, classes, summary):
        super().__init__()
        vision, text = config["vision_config"], config["text_config"]
        width, inner = text["hidden_size"], vision["hidden_size"]
        self.text = text
        self.vision = Vision(vision)
        self.linear_1, self.linear_2 = nn.Linear(inner, width), nn.Linear(width, width)
        self.embed = nn.Embedding(text["vocab_size"], width)
        self.layers = nn.ModuleList(DecoderLayer(text) for _ in range(text["num_hidden_layers"]))
        self.norm = nn.RMSNorm(width, text["rms_norm_eps"])
        self.head = nn.Linear(width, text["vocab_size"], bias=False)
        self.labels = nn.ModuleList(nn.Linear(inner, count) for count in classes)
        self.box, self.summary = nn.Linear(inner, 4), nn.Linear(inner, summary)

    def rotation(self, positions):
        width = self.text["hidden_size"] // self.text["num_attention_heads"]
        powers = torch.arange(0, width, 2) / width
        angles = positions[:, None, :, None] * self.text["rope_theta"] ** -powers
        return angles.cos(), angles.sin()

    def forward(self, data):
        features = self.vision(data["pixels"])
        visual = self.linear_2(F.gelu(self.linear_1(features[:, 1:])))
        x = torch.cat([visual, self.embed(data["ids"])], 1)
        cos, sin = self.rotation(data["positions"])
        for layer in self.layers:
            x = layer(x, cos, sin, data["mask"])
        logits = self.head(self.norm(x[:, visual.shape[1] :]))
        answer = F.cross_entropy(logits.flatten(0, 1), data["targets"].flatten())
        return answer + 0.1 * self.dense_loss(features, data)

    def dense_loss(self, features, data):
        tokens = features[:, 1:]
        each = [F.cross_entropy(f(tokens).flatten(0, 1), data["labels"].flatten()) for f in self.labels]
        box = 10 * (self.box(tokens) - data["boxes"]).abs().mean()
        return sum(each) + box + (self.summary(features[:, 0]) - data["counts"]).square().mean()


def orthogonalise(matrix, iterations=5):
    a, b, c = 3.4445, -4.775, 2.0315
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = x / (x.norm() + 1e-7)
    for _ in range(iterations):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if tall else x


class Muon:
    def __init__(self, parameters, decay=0.02, momentum=0.95):
        self.parameters, self.decay, self.momentum = list(parameters), decay, momentum
        self.states = [torch.zeros_like(p) for p in self.parameters]

    @torch.no_grad()
    def step(self, rate):
        for p, state in zip(self.parameters, self.states):
            state.mul_(self.momentum).add_(p.grad)
            direction = orthogonalise(p.grad + self.momentum * state) * (0.2 * math.sqrt(max(p.shape)))
            p.sub_(rate * (direction + self.decay * p))


def random_data(config, batch, text, summary):
    side, patch = config["vision_config"]["image_size"], config["vision_config"]["patch_size"]
    n, vocabulary = (side // patch) ** 2, config["text_config"]["vocab_size"]
    length = n + text
    causal = torch.ones(length, length).tril().bool()
    segments = torch.cat([torch.zeros(batch, n), 1 + torch.arange(text).expand(batch, -1) // 12], 1)
    same = (segments[:, :, None] == segments[:, None, :]) | (segments[:, None, :] == 0)
    return {
        "pixels": torch.randn(batch, 3, side, side),
        "ids": torch.randint(vocabulary, (batch, text)),
        "targets": torch.randint(vocabulary, (batch, text)),
        "positions": torch.arange(length).expand(batch, -1).float(),
        "mask": torch.where((causal & same)[:, None], 0.0, -1e9),
        "labels": torch.zeros(batch, n, dtype=torch.long),
        "boxes": torch.rand(batch, n, 4),
        "counts": torch.rand(batch, summary),
    }


def main():
    task = json.loads(sys.argv[1])
    model = Model(task["config"], task["classes"], task["summary"])
    inner = [p for name, p in model.named_parameters() if p.dim() == 2 and ("layers." in name or "linear_" in name)]
    known = {id(p) for p in inner}
    muon = Muon(inner)
    adam = torch.optim.AdamW([p for p in model.parameters() if id(p) not in known], 1e-3, (0.9, 0.99), weight_decay=0)
    data = random_data(task["config"], task["batch"], task["text"], task["summary"])
    seconds = []
    for _ in range(task["warmup"] + task["repeat"]):
        started = time.perf_counter()
        model.zero_grad()
        model(data).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        muon.step(1e-3)
        adam.step()
        seconds.append(time.perf_counter() - started)
    print(json.dumps({"seconds": seconds[task["warmup"] :]}))


main()
