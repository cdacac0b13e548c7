"""What a script may be: every way to write one, and what people's scripts do besides."""

from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from tests.probe_support import Said, run_probe

NET = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.body = nn.Linear(4, width)
        self.head = nn.Linear(width, 2)

    def forward(self, x):
        return self.head(self.body(x).relu())
"""


def load(tmp_path: Path, text: str, **options: Any) -> Any:
    """The loaded event of NET with `text` after it."""
    said = run_probe(tmp_path, NET + dedent(text), until="loaded", **options)
    return said.first("loaded")


def failure(tmp_path: Path, files: str | dict[str, str], **options: Any) -> Any:
    """The failure of a script that gives no model."""
    said = run_probe(tmp_path, files, **options)
    assert said.status == 0
    assert said.events[-1].type == "finished"
    return said.first("failed").failure


class TestItExportsItself:
    @pytest.mark.parametrize(
        "call",
        [
            "torch.export.export(Net().eval(), (torch.ones(3, 4),))",
            "torch.export.export(mod=Net().eval(), args=(), kwargs={'x': torch.ones(3, 4)})",
            "torch.export.draft_export(Net().eval(), (torch.ones(3, 4),))",
            "torch.onnx.export(Net().eval(), (torch.ones(3, 4),), 'net.onnx', dynamo=True)",
            "torch.onnx.export(Net().eval(), torch.ones(3, 4), 'net.onnx')",
            "torch.jit.trace(Net().eval(), torch.ones(3, 4))",
            "from torch.export import export; export(Net().eval(), (torch.ones(3, 4),))",
        ],
    )
    def test_each_of_the_four_functions_is_caught(self, tmp_path: Path, call: str) -> None:
        loaded = load(tmp_path, f"if __name__ == '__main__':\n    {call}\n")
        assert (loaded.form, loaded.model_class, loaded.parameters) == ("exports_itself", "Net", 30)
        assert [(c.index, c.chosen, c.file) for c in loaded.calls] == [(1, True, "model.py")]

    def test_its_own_arguments_are_taken(self, tmp_path: Path) -> None:
        loaded = load(
            tmp_path,
            """
            batch = torch.export.Dim("batch", min=2, max=64)
            torch.export.export(
                Net(), (torch.ones(3, 4),), dynamic_shapes=({0: batch},), strict=True
            )
            """,
        )
        assert loaded.strict
        assert loaded.training
        assert "batch" in loaded.dynamic_shapes

    def test_the_whole_is_exported_inside_the_caught_call(self, tmp_path: Path) -> None:
        """Its with blocks hold; handlers around it and lines after it never run."""
        said = run_probe(
            tmp_path,
            NET
            + dedent(
                """
                class Asks(nn.Module):
                    def forward(self, x):
                        return x + 1 if torch.is_grad_enabled() else x - 1

                with torch.no_grad():
                    try:
                        torch.export.export(Asks(), (torch.ones(3, 4),))
                        print("after the call")
                    except BaseException:
                        print("in the handler")
                    finally:
                        print("in finally")
                """
            ),
        )
        whole = said.stage("whole")
        assert whole.status == "passed"
        assert "aten.sub" in whole.code
        assert whole.replay.status == "equal"
        assert said.log == ""

    def test_the_call_that_is_picked_is_the_one_exported(self, tmp_path: Path) -> None:
        script = """
            first = torch.export.export(Net(4), (torch.ones(3, 4),))
            print(first.module()(torch.ones(3, 4)), f"{first}")
            torch.export.export(Net(8), (torch.ones(3, 4),))
            torch.export.export(Net(16), (torch.ones(3, 4),))
            """
        loaded = load(tmp_path, script, call=2)
        assert loaded.parameters == 4 * 8 + 8 + 8 * 2 + 2
        lines = [(c.index, c.chosen) for c in loaded.calls]
        assert lines == [(1, False), (2, True), (None, False)]
        assert [c.line for c in loaded.calls] == [14, 16, 17]

    def test_a_call_that_is_not_made_says_how_many_there_are(self, tmp_path: Path) -> None:
        script = NET + "torch.export.export(Net(), (torch.ones(3, 4),))\n"
        assert "the script made 1" in failure(tmp_path, script, call=3).message


class TestNames:
    @pytest.mark.parametrize(
        "names",
        [
            "model = Net()\ninputs = (torch.ones(3, 4),)",
            "model = Net()\nexample_inputs = {'x': torch.ones(3, 4)}",
            "model = Net()\ninputs = torch.ones(3, 4)",
            "def get_model(): return Net()\ndef get_inputs(): return [torch.ones(3, 4)]",
            "Model = Net\ndef get_init_inputs(): return [4]\n"
            "def get_inputs(): return [torch.ones(3, 4)]",
        ],
    )
    def test_model_and_inputs_are_found(self, tmp_path: Path, names: str) -> None:
        loaded = load(tmp_path, names)
        assert (loaded.form, loaded.parameters) == ("names", 30)

    def test_a_model_without_inputs_says_how_to_name_them(self, tmp_path: Path) -> None:
        failed = failure(tmp_path, NET + "model = Net()\n")
        assert failed.category == "script_error"
        assert "get_inputs()" in failed.hint

    @pytest.mark.parametrize("model", ["Net", "len"])
    def test_a_model_that_is_none_is_named(self, tmp_path: Path, model: str) -> None:
        failed = failure(tmp_path, NET + f"model = {model}\ninputs = (torch.ones(3, 4),)\n")
        assert "not an" in failed.message

    def test_options_override_the_script(self, tmp_path: Path) -> None:
        loaded = load(
            tmp_path,
            "model = Net()\ninputs = (torch.ones(3, 4),)",
            strict=True,
            dynamic_shapes={"x": {"0": {"name": "batch", "min": 2, "max": 9}}},
        )
        assert loaded.strict
        assert "batch" in loaded.dynamic_shapes

    def test_options_that_fit_no_input_are_refused(self, tmp_path: Path) -> None:
        script = NET + "model = Net()\ninputs = (torch.ones(3, 4),)\n"
        failed = failure(tmp_path, script, dynamic_shapes={"x": {"0": {"name": "no name"}}})
        assert "dynamic_shapes" in failed.message


class TestClassAlone:
    def test_one_class_with_example_inputs(self, tmp_path: Path) -> None:
        loaded = load(tmp_path, "Net.example_inputs = (torch.ones(3, 4),)")
        assert (loaded.form, loaded.model_class) == ("class", "Net")

    def test_nothing_found_shows_the_three_ways(self, tmp_path: Path) -> None:
        failed = failure(tmp_path, NET)
        assert failed.category == "script_error"
        for way in ("1. It exports itself", "2. It has a model", "3. It has one class"):
            assert way in failed.hint


class TestScriptsAsPeopleHaveThem:
    def test_command_line_arguments(self, tmp_path: Path) -> None:
        script = """
            import argparse
            parser = argparse.ArgumentParser()
            parser.add_argument("--width", type=int, required=True)
            width = parser.parse_args().width
            model, inputs = Net(width), (torch.ones(3, 4),)
            """
        assert load(tmp_path / "a", script, argv=["--width", "8"]).parameters == 58
        failed = failure(tmp_path / "b", NET + dedent(script))
        assert "exit status 2" in failed.message
        assert "argv" in failed.hint

    @pytest.mark.parametrize(
        ("entry", "line"),
        [
            ("model.py", "from net import Net"),
            ("model.py", "from .net import Net"),
            ("pkg/model.py", "from .net import Net"),
            ("pkg/model.py", "from pkg.net import Net"),
            ("deep/er/model.py", "from ..net import Net"),
        ],
    )
    def test_imports_inside_a_zip(self, tmp_path: Path, entry: str, line: str) -> None:
        home = {"model.py": "", "pkg/model.py": "pkg/", "deep/er/model.py": "deep/"}[entry]
        files = {
            f"{home}net.py": NET,
            entry: f"import torch\n{line}\nmodel, inputs = Net(), (torch.ones(3, 4),)\n",
        }
        said = run_probe(tmp_path, files, entry=entry, until="loaded")
        assert said.first("loaded").parameters == 30

    def test_no_file_of_ours_can_be_imported(self, tmp_path: Path) -> None:
        script = """
            import importlib
            for name in ("events", "frames", "main", "probe", "workers", "app"):
                try:
                    importlib.import_module(name)
                except ModuleNotFoundError:
                    continue
                raise AssertionError(f"{name} was found")
            model, inputs = Net(), (torch.ones(3, 4),)
            """
        assert load(tmp_path, script).form == "names"

    def test_a_missing_import_is_named_with_what_there_is(self, tmp_path: Path) -> None:
        failed = failure(tmp_path, NET + "import detectron2\n")
        assert "detectron2" in failed.message
        assert "torch" in failed.hint
        assert "numpy" in failed.hint
        assert (failed.culprit.file, failed.culprit.text) == ("model.py", "import detectron2")

    def test_cuda_is_mapped_to_the_cpu_with_a_note(self, tmp_path: Path) -> None:
        script = """
            class OnGpu(Net):
                def forward(self, x):
                    return super().forward(x.cuda()) + torch.zeros(1, device="cuda")

            device = torch.device("cuda:0")
            torch.set_default_device(device)
            model = OnGpu().cuda().to("cuda").to(device, torch.float32)
            torch.cuda.synchronize()
            inputs = (torch.ones(3, 4, device=device).pin_memory(),)
            """
        said = run_probe(tmp_path, NET + dedent(script))
        assert said.first("loaded").devices == ["cpu"]
        assert [note.code for note in said.all("note")] == ["cuda_mapped"]
        assert said.stage("whole").status == "passed"
        assert said.stage("whole").replay.status == "equal"

    def test_cuda_as_written_fails_as_it_would(self, tmp_path: Path) -> None:
        failed = failure(tmp_path, NET + "model = Net().cuda()\n", device="as_written")
        assert failed.category == "script_error"
        assert failed.culprit.text == "model = Net().cuda()"

    def test_a_syntax_error_has_its_line(self, tmp_path: Path) -> None:
        failed = failure(tmp_path, "x = 1\ndef f(:\n")
        assert (failed.exception, failed.culprit.line) == ("SyntaxError", 2)

    def test_nobody_answers_input(self, tmp_path: Path) -> None:
        assert "argv" in failure(tmp_path, "input('width? ')\n").hint

    def test_a_memory_error_is_not_the_scripts(self, tmp_path: Path) -> None:
        assert failure(tmp_path, "raise MemoryError\n").category == "out_of_memory"

    def test_what_eager_raises_blames_no_export(self, tmp_path: Path) -> None:
        script = NET + "model, inputs = Net(), (torch.ones(3, 5),)\n"
        failed = failure(tmp_path, script, kind="staged")
        assert failed.category == "eager_error"
        assert failed.culprit.text == "return self.head(self.body(x).relu())"
        assert failed.source.lines[failed.culprit.line - failed.source.first].endswith(".relu())")


class TestStagesThatAreNotTried:
    def test_a_strict_run_cuts_no_prefix_and_goes_on(self, tmp_path: Path) -> None:
        script = NET + "model, inputs = Net(), (torch.ones(3, 4),)\n"
        said = run_probe(tmp_path, script, kind="staged", strict=True)
        assert said.status == 0
        statuses = {stage.key: stage.status for stage in said.all("stage_finished")}
        assert statuses == {
            "component:body": "passed",
            "component:head": "passed",
            "assembled:body": "skipped",
            "assembled:head": "skipped",
        }
        assert "non-strict" in said.stage("assembled:body").reason

    def test_a_component_below_many_lists_has_its_inputs_from_another_run(
        self, tmp_path: Path
    ) -> None:
        script = NET + dedent(
            """
            class Deep(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.a = nn.ModuleList([nn.ModuleList([nn.ModuleList([Net()])])])
                    self.a[0][0].extend([nn.ModuleList([Net()])])

                def forward(self, x):
                    return self.a[0][0][0](x) + self.a[0][0][1][0](x)

            model, inputs = Deep(), (torch.ones(3, 4),)
            """
        )
        said = run_probe(tmp_path, script, kind="staged")
        assert said.status == 0
        assert said.events[-1].type == "finished"
        assert said.stage("component:a.0.0.1.0.body").status == "passed"


class TestWeightsThatAreNotThere:
    def check(self, said: Said) -> None:
        assert said.first("loaded").parameters == 30
        assert {note.code for note in said.all("note")} == {"weights_missing"}

    @pytest.mark.parametrize(
        "line",
        [
            "model.load_state_dict(torch.load('net.pth', map_location='cuda')['state_dict'])",
            "c = torch.load('net.pth'); model.load_state_dict(c['a'] if 'a' in c else c)",
            "model.load_state_dict({k.removeprefix('module.'): v"
            " for k, v in torch.load('net.pth')['model'].items()})",
            "c = torch.load('net.pth'); epoch = c['epoch'] + 1; print(f'{c[0]:.3f}', int(c['e']));"
            " del c['head.bias']; c['x'] = 1; model.load_state_dict(dict(c), strict=False)",
            "model.body.load_state_dict("
            "torch.hub.load_state_dict_from_url('https://example.invalid/net-1.pth'))",
        ],
    )
    def test_they_stay_as_they_were_with_a_note(self, tmp_path: Path, line: str) -> None:
        script = f"{NET}model, inputs = Net(), (torch.ones(3, 4),)\n{line}\n"
        self.check(run_probe(tmp_path, script, until="loaded"))

    def test_timm_pretrained(self, tmp_path: Path) -> None:
        """timm itself needs torchvision: a package of its shape stands in its place."""
        files = {
            "timm/__init__.py": "",
            "timm/models/__init__.py": "from ._builder import build\n",
            "timm/models/_builder.py": (
                "def load_pretrained(model, pretrained_cfg=None):\n"
                "    raise RuntimeError('cannot reach the hub')\n"
                "def build(model):\n    load_pretrained(model)\n    return model\n"
            ),
            "model.py": f"{NET}import timm.models\n"
            "model, inputs = timm.models.build(Net()), (torch.ones(3, 4),)\n",
        }
        self.check(run_probe(tmp_path, files, until="loaded"))

    def test_what_is_there_is_loaded(self, tmp_path: Path) -> None:
        script = NET + dedent(
            """
            net = Net()
            net.body.bias.data.fill_(7)
            torch.save(net.state_dict(), "net.pth")
            model, inputs = Net(), (torch.ones(3, 4),)
            model.load_state_dict(torch.load("net.pth"))
            assert model.body.bias[0] == 7
            """
        )
        said = run_probe(tmp_path, script, until="loaded")
        assert said.first("loaded").parameters == 30
        assert said.all("note") == []

    def test_a_missing_whole_model_says_so(self, tmp_path: Path) -> None:
        failed = failure(tmp_path, NET + "model = torch.load('m.pt')\ninputs = ()\n")
        assert "model itself is missing" in failed.message

    def test_a_missing_config_says_what_to_do(self, tmp_path: Path) -> None:
        script = "from transformers import AutoModel\nAutoModel.from_pretrained('a/b')\n"
        failed = failure(tmp_path, script)
        assert failed.category == "script_error"
        assert "from_config" in failed.hint
