"""Times a vision-language checkpoint in transformers: text.py '{"checkpoint": ..., "repeat": 5, "prompts": [200, 800], "depths": [0, 800], "decoded": 24}'."""
import json
import resource
import sys
import time

import torch
from transformers import AutoConfig, AutoModelForImageTextToText

task = json.loads(sys.argv[1])
torch.set_num_threads(2)


def milliseconds(call):
    start = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - start)


with torch.inference_mode():
    config = AutoConfig.from_pretrained(task["checkpoint"])
    model = AutoModelForImageTextToText.from_config(config, dtype=torch.float32).eval()
    language = model.model.text_model if hasattr(model.model, "text_model") else model.model.language_model
    head = lambda hidden: model.lm_head(hidden[:, -1:])
    ids = lambda length: torch.arange(length)[None] % 600 + 10

    def forward(length, past=None):
        output = language(input_ids=ids(length), past_key_values=past, use_cache=True)
        head(output.last_hidden_state)
        return output.past_key_values

    forward(64)
    prefill = {length: [milliseconds(lambda: forward(length)) for _ in range(min(task["repeat"], 3))] for length in task["prompts"]}
    decode = {}
    for depth in task["depths"]:
        past = forward(max(depth, 1))
        decode[depth] = [milliseconds(lambda: forward(1, past)) for _ in range(task["decoded"])][2:]
    vision_config = config.vision_config
    tower = model.model.vision_model if hasattr(model.model, "vision_model") else model.model.vision_tower
    pixels = torch.rand(1, 3, vision_config.image_size, vision_config.image_size)
    tower(pixels)
    vision = [milliseconds(lambda: tower(pixels)) for _ in range(3)]

memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"prefill": prefill, "decode": decode, "vision": vision, "memory": memory}))
