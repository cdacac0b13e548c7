"""A small LLaVA with random weights: image and text."""

import torch
from transformers import CLIPVisionConfig, LlamaConfig, LlavaConfig, LlavaForConditionalGeneration

vision = CLIPVisionConfig(
    image_size=16,
    patch_size=8,
    hidden_size=32,
    num_hidden_layers=2,
    num_attention_heads=2,
    intermediate_size=64,
)
text = LlamaConfig(
    vocab_size=100,
    hidden_size=32,
    num_hidden_layers=1,
    num_attention_heads=2,
    num_key_value_heads=2,
    intermediate_size=64,
)
config = LlavaConfig(vision_config=vision, text_config=text, image_token_id=99)
model = LlavaForConditionalGeneration(config).eval()
inputs = {
    "input_ids": torch.tensor([[1, 99, 99, 99, 99, 5, 6]]),
    "attention_mask": torch.ones(1, 7, dtype=torch.long),
    "pixel_values": torch.randn(1, 3, 16, 16),
}
