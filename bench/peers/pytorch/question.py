"""Times one question about an image in transformers: question.py '{"checkpoint": ..., "images": [...], "text": 56, "repeat": 3, "seconds": 20}'."""
import json
import resource
import sys
import time

import torch
from PIL import Image
from transformers import AutoConfig, AutoModelForImageTextToText

task = json.loads(sys.argv[1])
torch.set_num_threads(2)


def image_processor():
    """The one of transformers that needs no torchvision, on the checkpoint's own settings."""
    settings = json.load(open(task["checkpoint"] + "/preprocessor_config.json"))
    name = settings.pop("image_processor_type")
    if name.startswith("Idefics3"):
        from transformers.models.idefics3.image_processing_pil_idefics3 import Idefics3ImageProcessorPil as Processor
    elif name.startswith("LlavaOnevision"):
        from transformers.models.llava_onevision.image_processing_pil_llava_onevision import (
            LlavaOnevisionImageProcessorPil as Processor,
        )
    else:
        from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil as Processor
    return Processor(**settings)


def visual_tokens(model, inputs):
    """How many tokens the pixels become: as many as the language model is given."""
    if "image_sizes" not in inputs:
        views = inputs["pixel_values"].shape[-4] if inputs["pixel_values"].dim() == 5 else 1
        tokens = (model.config.vision_config.image_size // model.config.vision_config.patch_size) ** 2
        return views, views * tokens // getattr(model.config, "scale_factor", 1) ** 2
    features = model.model.get_image_features(**inputs, vision_feature_layer=model.config.vision_feature_layer)
    features = getattr(features, "pooler_output", features)
    return inputs["pixel_values"].shape[1], features[0].shape[0]


with torch.inference_mode():
    config = AutoConfig.from_pretrained(task["checkpoint"])
    model = AutoModelForImageTextToText.from_config(config, dtype=torch.float32).eval()
    process = image_processor()
    images = [Image.open(path).convert("RGB") for path in task["images"]]
    for image in images:
        image.load()
    image_token = getattr(config, "image_token_id", None) or config.image_token_index

    def prepare(image):
        found = process(images=image, return_tensors="pt")
        return {key: found[key] for key in ("pixel_values", "pixel_attention_mask", "image_sizes") if key in found}

    views, visual = visual_tokens(model, prepare(images[0]))
    ids = torch.cat([torch.full((visual,), image_token), torch.arange(task["text"]) % 600 + 10])[None]

    def ask(image):
        start = time.perf_counter()
        inputs = prepare(image)
        prepared = time.perf_counter()
        model(input_ids=ids, **inputs, use_cache=True, logits_to_keep=1)
        return 1000 * (time.perf_counter() - start), 1000 * (prepared - start)

    ask(images[0])
    times = []
    end = time.perf_counter() + task["seconds"]
    while not times or (len(times) < task["repeat"] and time.perf_counter() < end):
        times.append(ask(images[(len(times) + 1) % len(images)]))

memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
preprocess = sorted(time for _, time in times)[len(times) // 2]
print(json.dumps({"ttft": [time for time, _ in times], "stages": {"preprocess": preprocess}, "views": views, "visual": visual, "text": task["text"], "memory": memory}))
