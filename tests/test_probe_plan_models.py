"""The plan of real models: their module trees as recorded, the roles as an engineer gives them."""

import re

import pytest

from scripts.record_plans import read
from workers.probe.plan import ORDER, Called, Component, make_plan

# A line for each model; it may go on in an indented one. Of equal layers the last stands for all.
PLAIN = """
base_model_and_fc: backbone base_model; head new_fc
centernet: backbone base; neck dla_up; head hm wh reg
cnn_lstm: backbone cnn; neck rnn; head out
equal_layers: backbone 19
hourglass: backbone pre hgs.2; head outs.2
hrnet: backbone layer1 transition1.0 transition1.1 stage2 transition2.2 stage3; head final_layer
mlp: backbone 0; head 2
simple_baseline: backbone layer2 layer3 layer4; neck deconv_layers; head final_layer
slowfast: backbone s1 s2 s3; neck s2_fuse; head head
transformer: backbone encoder; head decoder
two_paths: backbone slow_path fast_path; neck lateral; head projection
unet: backbone inc down1 down2; neck up1 conv_up1 up2 conv_up2; head outc
wrapped: backbone net.layer2 net.layer3 net.layer4; neck net.deconv_layers; head net.final_layer
yolo: backbone model.1 model.2; neck model.5 model.6; head model.7
"""

TORCHVISION = """
deeplabv3_resnet50: backbone backbone; head classifier aux_classifier
densenet121: backbone features; head classifier
fasterrcnn_resnet50_fpn_v2: backbone backbone.body; neck backbone.fpn; head rpn roi_heads
fcos_resnet50_fpn: backbone backbone.body; neck backbone.fpn; head head
googlenet: backbone conv3 inception5b; head fc
keypointrcnn_resnet50_fpn: backbone backbone.body; neck backbone.fpn; head rpn roi_heads
lraspp_mobilenet_v3_large: backbone backbone; head classifier
maskrcnn_resnet50_fpn: backbone backbone.body; neck backbone.fpn; head rpn roi_heads
mvit_v2_s: backbone blocks.15; head head
r3d_18: backbone stem layer1 layer2 layer3 layer4; head fc
raft_small: backbone feature_encoder context_encoder; head update_block
resnet18: backbone layer1 layer2 layer3 layer4; head fc
retinanet_resnet50_fpn: backbone backbone.body; neck backbone.fpn; head head
s3d: backbone features; head classifier
ssdlite320_mobilenet_v3_large: backbone backbone; head head
swin3d_t: backbone patch_embed features; head head
vgg11: backbone features; head classifier
vit_b_16: backbone encoder; head heads
"""

TRANSFORMERS = """
ast: backbone audio_spectrogram_transformer; head classifier
bart: backbone model.encoder; neck model.decoder; head lm_head
beit: backbone beit; head classifier
beit_segmentation: backbone beit; neck fpn; head decode_head auxiliary_head
bert: backbone bert; head classifier
bert_mlm: backbone bert; head cls
bert_model: backbone embeddings encoder pooler
clip: backbone vision_model text_model; head text_projection
clipseg: backbone clip.vision_model clip.text_model; head decoder
conditional_detr: backbone model.backbone; neck model.input_projection model.encoder
    model.decoder; head class_labels_classifier bbox_predictor
convnext: backbone convnext; head classifier
dab_detr: backbone model.backbone; neck model.input_projection model.encoder model.decoder; head
    class_embed bbox_predictor
deformable_detr: backbone model.backbone; neck model.input_proj.3 model.encoder model.pos_trans
    model.decoder; head class_embed.2 bbox_embed.2
depth_anything: backbone backbone; neck neck; head head
detr: backbone model.backbone; neck model.input_projection model.encoder model.decoder; head
    class_labels_classifier bbox_predictor
detr_segmentation: backbone detr.model.backbone; neck detr.model.input_projection
    detr.model.encoder detr.model.decoder; head detr.class_labels_classifier detr.bbox_predictor
    bbox_attention mask_head
distilbert: backbone distilbert; head pre_classifier classifier
dpt: backbone dpt; neck neck; head head
efficientnet: backbone efficientnet; head classifier
glpn: backbone glpn; neck decoder; head head
gpt2: backbone transformer; head lm_head
grounding_dino: backbone model.text_backbone model.backbone; neck model.input_proj_vision.3
    model.encoder model.decoder; head model.encoder_output_class_embed
    model.encoder_output_bbox_embed class_embed.1 bbox_embed.1
led: backbone led.encoder; neck led.decoder; head lm_head
levit: backbone levit; head classifier
llama: backbone model; head lm_head
llava: backbone model.vision_tower model.language_model; neck model.multi_modal_projector; head
    lm_head
mamba: backbone backbone; head lm_head
mask2former: backbone model.pixel_level_module.encoder; neck model.pixel_level_module.decoder
    model.transformer_module; head class_predictor
maskformer: backbone model.pixel_level_module.encoder; neck model.pixel_level_module.decoder
    model.transformer_module; head class_predictor mask_embedder
mixtral: backbone model; head lm_head
mobilenet_v2: backbone mobilenet_v2; head classifier
mobilevit: backbone mobilevit; head classifier
mobilevit_segmentation: backbone mobilevit; head segmentation_head
oneformer: backbone model.pixel_level_module.encoder; neck model.pixel_level_module.decoder
    model.task_encoder; head model.transformer_module
owlvit: backbone owlvit.vision_model owlvit.text_model; neck owlvit.text_projection
    owlvit.visual_projection; head class_head box_head
poolformer: backbone poolformer; head classifier
resnet: backbone resnet; head classifier
resnet_model: backbone embedder encoder.stages.0 encoder.stages.1 encoder.stages.2
    encoder.stages.3
rt_detr: backbone model.backbone; neck model.encoder model.decoder_input_proj.2; head
    model.enc_score_head model.enc_bbox_head model.decoder
sam: backbone vision_encoder; neck prompt_encoder; head mask_decoder
segformer: backbone segformer; head decode_head
superglue: backbone keypoint_detector; neck keypoint_encoder gnn; head final_projection
superpoint: backbone encoder; head keypoint_decoder descriptor_decoder
swiftformer: backbone swiftformer; head head dist_head
swin: backbone swin; head classifier
swin_backbone: backbone swin.embeddings swin.encoder.layers.0 swin.encoder.layers.1
    swin.encoder.layers.2 swin.encoder.layers.3
t5: backbone encoder; neck decoder; head lm_head
table_transformer: backbone model.backbone; neck model.input_projection model.encoder
    model.decoder; head class_labels_classifier bbox_predictor
timesformer: backbone timesformer; head classifier
upernet: backbone backbone; head decode_head auxiliary_head
videomae: backbone videomae; head classifier
videomae_pretraining: backbone videomae; neck encoder_to_decoder; head decoder
vilt: backbone vilt; head classifier
vision_encoder_decoder: backbone encoder; head decoder
vit: backbone vit; head classifier
vit_model: backbone embeddings layers.3 pooler
vitmatte: backbone backbone; head decoder
vitpose: backbone backbone; head head
vivit: backbone vivit; head classifier
wav2vec2: backbone wav2vec2; head lm_head
wav2vec2_sequence: backbone wav2vec2; neck projector; head classifier
whisper: backbone model.encoder; neck model.decoder; head proj_out
yolos: backbone vit; head class_labels_classifier bbox_predictor
zoedepth: backbone backbone; neck neck; head relative_head metric_head
"""


def _table(text: str) -> dict[str, dict[str, list[str]]]:
    """Role to paths, by model."""
    lines = re.sub(r"\n +", " ", text.strip()).splitlines()
    return {name: _roles(roles) for name, roles in (line.split(": ") for line in lines)}


def _roles(text: str) -> dict[str, list[str]]:
    pairs = [part.split(maxsplit=1) for part in text.split("; ")]
    return {role: paths.split() for role, paths in pairs}


EXPECTED = {
    (family, model): roles
    for family, text in (
        ("plain", PLAIN),
        ("torchvision", TORCHVISION),
        ("transformers", TRANSFORMERS),
    )
    for model, roles in _table(text).items()
}
TREES = {
    (family, model): called
    for family in ("plain", "torchvision", "transformers")
    for model, called in read(family).items()
}
EACH = pytest.mark.parametrize(
    "called", [pytest.param(tree, id="-".join(key)) for key, tree in TREES.items()]
)


def components(called: list[Called]) -> list[Component]:
    return make_plan(called).components


def test_each_model_that_was_recorded_is_judged() -> None:
    assert set(EXPECTED) == set(TREES)


@pytest.mark.parametrize("key", EXPECTED, ids="-".join)
def test_roles_are_those_an_engineer_gives(key: tuple[str, str]) -> None:
    found: dict[str, list[str]] = {}
    for item in components(TREES[key]):
        found.setdefault(item.role, []).append(item.path)
    assert found == EXPECTED[key]


@EACH
def test_components_run_in_order_and_none_lies_in_another(called: list[Called]) -> None:
    paths = [item.path for item in components(called)]
    order = [module.path for module in called]
    assert paths == sorted(paths, key=order.index)
    assert not any(path.startswith(f"{other}.") for path in paths for other in paths)


@EACH
def test_components_lie_shallow(called: list[Called]) -> None:
    """The inputs of deeper ones take a second eager run."""
    assert all(item.path.count(".") <= 3 for item in components(called))


@EACH
def test_why_is_a_sentence_with_its_figures(called: list[Called]) -> None:
    for item in components(called):
        assert item.role in ORDER
        assert re.fullmatch(r"[A-Z][^.]*; (it holds|they hold) .+ parameters[^.]*\.", item.why)


@EACH
def test_a_model_inside_a_wrapper_has_the_same_parts(called: list[Called]) -> None:
    """The model as an attribute of somebody's own module."""
    plan = components(called)
    total = sum(module.parameters for module in called)
    inner = [Called(f"net.{m.path}", m.class_name, m.parameters, m.calls) for m in called]
    wrapped = components([Called("net", "Net", total, 1), *inner])
    assert [(item.path, item.role) for item in wrapped] == [
        (f"net.{item.path}", item.role) for item in plan
    ]
