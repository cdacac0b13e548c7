"""The plan: components, roles and stages, from what the eager run called."""

import pytest

from workers.probe.errors import ScriptError
from workers.probe.plan import (
    MOST_ASSEMBLED,
    MOST_COMPONENTS,
    Called,
    Plan,
    make_plan,
)
from workers.probe.roles import clue_of


def called(*rows: tuple[str, str, int]) -> list[Called]:
    """Modules in order of their first call: path, class, parameters."""
    return [Called(path, cls, parameters, 1) for path, cls, parameters in rows]


def roles(plan: Plan) -> dict[str, str]:
    return {item.path: item.role for item in plan.components}


@pytest.mark.parametrize(
    ("path", "cls", "role"),
    [
        ("backbone", "ResNet", "backbone"),
        ("model.encoder", "Swin", "backbone"),
        ("fpn", "FeaturePyramidNetwork", "neck"),
        ("net1", "BackboneWithFPN", "neck"),
        ("decode_head", "UperHead", "head"),
        ("decoder", "PixelDecoder", "neck"),
        ("decode", "HeatmapDecode", "postprocess"),
        ("roi_heads", "RoIHeads", "head"),
        ("keypoint_head1", "Sequential", "head"),
        ("m", "RegionHead", "head"),
        ("fc", "Linear", "head"),
        ("timesformer", "TimesformerModel", "backbone"),
        ("net.1", "BertForMaskedLM", "backbone"),
        ("vision_model", "VisionTransformer", "backbone"),
        ("bbox_attention", "MHAttentionMap", "head"),
        ("class_embed.2", "Linear", "head"),
        ("embeddings", "ViTEmbeddings", "backbone"),
        ("mask_decoder", "SamMaskDecoder", "head"),
        ("keypoint_encoder", "MLP", "backbone"),
        ("deconv_layers", "Sequential", "neck"),
    ],
)
def test_names_and_classes_give_roles(path: str, cls: str, role: str) -> None:
    found = clue_of(path, cls)
    assert found is not None
    assert found.role == role
    assert found.why


@pytest.mark.parametrize(
    ("path", "cls"),
    [
        ("fc_norm", "LayerNorm"),
        ("head_drop", "Dropout2d"),
        ("layer", "Linear"),
        ("x", "Y"),
        ("pooler", "AdaptiveAvgPool2d"),
        ("layers.0", "BartDecoderLayer"),
        ("transformer_module", "MaskFormerTransformerModule"),
        ("encoder_position", "SinePositionEmbedding"),
        ("net", "Model"),
    ],
)
def test_plain_layers_and_other_names_give_none(path: str, cls: str) -> None:
    assert clue_of(path, cls) is None


def test_a_pipeline_keeps_its_order_of_execution() -> None:
    plan = make_plan(
        called(
            ("backbone", "ResNet", 900),
            ("backbone.layer1", "Sequential", 900),
            ("neck", "FPN", 50),
            ("head", "Head", 50),
            ("decode", "Decode", 0),
        )
    )
    assert list(roles(plan).items()) == [
        ("backbone", "backbone"),
        ("neck", "neck"),
        ("head", "head"),
        ("decode", "postprocess"),
    ]
    assert [stage.key for stage in plan.stages] == [
        "component:backbone",
        "component:neck",
        "component:head",
        "component:decode",
        "assembled:backbone",
        "assembled:neck",
        "assembled:head",
        "assembled:decode",
    ]
    assert plan.stages[5].name == "backbone + neck"


def test_a_nested_backbone_with_a_neck_in_it_is_opened() -> None:
    plan = make_plan(
        called(
            ("backbone", "BackboneWithFPN", 900),
            ("backbone.body", "ResNet", 800),
            ("backbone.fpn", "FPN", 100),
            ("rpn", "RegionProposalNetwork", 60),
            ("rpn.head", "RPNHead", 60),
            ("roi_heads", "RoIHeads", 40),
        )
    )
    assert roles(plan) == {
        "backbone.body": "backbone",
        "backbone.fpn": "neck",
        "rpn": "head",
        "roi_heads": "head",
    }


def test_a_wrapper_without_a_name_is_opened_through_uncalled_lists() -> None:
    plan = make_plan(
        called(
            ("model", "Wrapper", 1000),
            ("model.parts.0", "Encoder", 700),
            ("model.parts.1", "Decoder", 300),
        )
    )
    assert roles(plan) == {"model.parts.0": "backbone", "model.parts.1": "head"}


def test_names_that_say_nothing_fall_back_on_order_and_share() -> None:
    plan = make_plan(
        called(
            ("a", "Conv2d", 10),
            ("act", "ReLU", 0),
            ("b", "Block", 600),
            ("c", "Block", 300),
            ("d", "Linear", 90),
        )
    )
    assert roles(plan) == {"a": "backbone", "b": "backbone", "c": "other", "d": "head"}
    assert [item.why for item in plan.components] == [
        "No name says more, and it runs early; it holds 1 % of the parameters, and runs first.",
        "No name says more, and it runs early; it holds 60 % of the parameters.",
        "Neither its name nor its place says more; it holds 30 % of the parameters.",
        "No name says more, and it makes the output; it holds 9 % of the parameters.",
    ]


def test_a_named_stem_does_not_take_the_backbone_from_what_follows() -> None:
    plan = make_plan(
        called(
            ("stem", "Stem", 10),
            ("layer1", "Sequential", 200),
            ("layer2", "Sequential", 700),
            ("fc", "Linear", 90),
        )
    )
    assert roles(plan) == {
        "stem": "backbone",
        "layer1": "backbone",
        "layer2": "backbone",
        "fc": "head",
    }


def test_what_follows_a_neck_is_no_backbone() -> None:
    plan = make_plan(called(("body", "A", 30), ("fpn", "B", 20), ("x", "C", 40), ("fc", "D", 10)))
    assert roles(plan)["x"] == "neck"
    names = [stage.name for stage in plan.stages if stage.kind == "assembled"]
    assert names == [
        "backbone",
        "backbone + neck",
        "backbone + neck + head",
    ]


def test_the_largest_of_a_role_are_kept_of_too_many_and_its_last() -> None:
    names = "abcdefghijklmnopqrst"
    rows = called(*((name, name.upper(), 100 + n) for n, name in enumerate(names)), ("fc", "F", 1))
    plan = make_plan(rows)
    assert len(plan.components) <= MOST_COMPONENTS
    assert sum(stage.kind == "assembled" for stage in plan.stages) <= MOST_ASSEMBLED
    backbone = [item.path for item in plan.components if item.role == "backbone"]
    assert backbone == list("opqrst")
    assert plan.components[-1].path == "fc"


class TestStacks:
    def test_equal_layers_are_one_part_the_last(self) -> None:
        layers = [(f"layers.{n}", "ViTLayer", 200) for n in range(4)]
        plan = make_plan(called(("embeddings", "Embeddings", 90), *layers, ("fc", "Linear", 10)))
        assert list(roles(plan)) == ["embeddings", "layers.3", "fc"]
        assert plan.components[1].why == (
            "No name says more, and it runs early; it stands for 4 layers of one kind; "
            "they hold 89 % of the parameters."
        )
        assert plan.components[1].parameters == 200

    def test_a_few_that_differ_are_stages(self) -> None:
        plan = make_plan(called(*((f"layer{n}", "Sequential", 4**n) for n in range(4))))
        assert list(roles(plan)) == ["layer0", "layer1", "layer2", "layer3"]

    def test_many_that_differ_are_one_part(self) -> None:
        plan = make_plan(called(*((f"block{n}", "Block", 100 + n) for n in range(9))))
        assert list(roles(plan)) == ["block8"]

    def test_another_class_in_between_ends_a_stack(self) -> None:
        rows = [("m.0", "C", 9), ("m.1", "C", 9), ("m.2", "D", 9), ("m.3", "C", 9)]
        assert list(roles(make_plan(called(*rows)))) == ["m.1", "m.2", "m.3"]


class TestOpened:
    ENCODER = (("net.encoder", "Encoder", 60), ("net.decoder", "Decoder", 30))

    def test_a_base_model_that_holds_encoder_and_decoder(self) -> None:
        rows = called(("net", "BartModel", 90), *self.ENCODER, ("lm_head", "Linear", 10))
        assert roles(make_plan(rows)) == {
            "net.encoder": "backbone",
            "net.decoder": "neck",
            "lm_head": "head",
        }

    def test_one_that_is_called_in_a_loop_is_a_step_of_it(self) -> None:
        rows = called(("net", "Net", 90), *self.ENCODER, ("lm_head", "Linear", 10))
        rows[0] = Called("net", "Net", 90, 12)
        assert roles(make_plan(rows)) == {"net": "backbone", "lm_head": "head"}

    def test_a_lone_backbone_into_its_stages(self) -> None:
        stages = [(f"swin.layers.{n}", "Stage", 10 * (n + 1)) for n in range(4)]
        rows = called(("swin", "SwinModel", 110), ("swin.embeddings", "E", 10), *stages)
        assert list(roles(make_plan(rows))) == ["swin.embeddings", *(path for path, *_ in stages)]

    def test_a_backbone_with_a_head_behind_it_stays_whole(self) -> None:
        stages = [(f"swin.layers.{n}", "Stage", 10 * (n + 1)) for n in range(4)]
        rows = called(("swin", "SwinModel", 100), *stages, ("classifier", "Linear", 1))
        assert list(roles(make_plan(rows))) == ["swin", "classifier"]


class TestByHand:
    ROWS = called(("a", "A", 5), ("a.x", "X", 2), ("a.y", "Y", 3), ("b", "ClassifierHead", 5))

    def test_paths_and_globs(self) -> None:
        assert roles(make_plan(self.ROWS, ["b", "a.*"])) == {
            "a.x": "other",
            "a.y": "other",
            "b": "head",
        }

    def test_roles_to_paths(self) -> None:
        plan = make_plan(self.ROWS, {"backbone": "a", "postprocess": ["b"]})
        assert roles(plan) == {"a": "backbone", "b": "postprocess"}
        assert plan.components[0].why == "stages names a"

    def test_a_name_that_was_not_called_lists_those_that_were(self) -> None:
        with pytest.raises(ScriptError) as raised:
            make_plan(self.ROWS, ["neck"])
        assert "a.x" in raised.value.hint

    def test_a_role_that_is_none_lists_the_roles(self) -> None:
        with pytest.raises(ScriptError) as raised:
            make_plan(self.ROWS, {"spine": "a"})
        assert "backbone" in raised.value.hint


def test_a_model_without_parts_has_no_stages() -> None:
    assert make_plan([]) == Plan([], [])
