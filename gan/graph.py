"""Exports networks as ONNX graphs without weights, with which the app draws without torch.

`python -m gan.graph RUN ...` writes the graph of a run that an earlier version trained.
"""

import io
import sys
import warnings
from pathlib import Path

import onnx
import torch
from torch import Tensor, nn

from gan import atomic, reading
from gan.config import RunConfig, from_json
from gan.errors import UserError, command
from gan.metrics.classifier import CarClassifier
from gan.models import build_generator
from gan.runs import JUDGE_FILE, JUDGE_GRAPH, Run

OPSET = 18


def write_generator(run: Run, config: RunConfig, classes: int) -> None:
    """Write the graph of a run's generator, unless it exists: it depends on settings alone.

    Inputs: z, float32 [N, latent]; y, weights over classes, float32 [N, classes], if the
    generator takes a class; guidance, float32 [N], if it takes one.
    Output: pictures, float32 [N, 3, size, size] in [-1, 1].
    """
    if run.graph_path.is_file():
        return
    with torch.random.fork_rng(devices=[]):  # the training's random numbers must not change
        network = build_generator(config.network, config.data.size, classes)
        inputs = {"z": torch.zeros(2, config.network.latent)}
        if config.conditional:
            inputs["y"] = torch.zeros(2, classes)
        if config.guided:
            inputs["guidance"] = torch.zeros(2)
        atomic.write_bytes(run.graph_path, to_onnx(network, inputs, "pictures"))


def to_onnx(network: nn.Module, inputs: dict[str, Tensor], output: str) -> bytes:
    """The ONNX graph of `network` in evaluation mode, for any batch size.

    The graph names the weights as the state dict does, without their values, so it takes a few
    kilobytes. Whoever runs it takes the values from the weights file.

    Args:
        network: On the CPU; its weights are overwritten.
        inputs: An example of each input, by name; the first dimension is the batch.
        output: Name of the output.
    """
    network.eval().requires_grad_(False)
    for value in network.state_dict().values():
        if value.is_floating_point():
            value.uniform_()  # the export would merge equal weights, such as all-zero biases
    file = io.BytesIO()
    with warnings.catch_warnings():
        # Tracing is 20 times as fast as torch.export, and these networks have no branches.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            tuple(inputs.values()),
            file,  # type: ignore[arg-type]
            dynamo=False,
            input_names=list(inputs),
            output_names=[output],
            dynamic_axes={name: {0: "n"} for name in (*inputs, output)},
            do_constant_folding=False,
            opset_version=OPSET,
        )
    model = onnx.load_model_from_string(file.getvalue())
    state = network.state_dict()
    for tensor in model.graph.initializer:
        if tensor.name in state:
            tensor.ClearField("raw_data")
            tensor.data_location = onnx.TensorProto.EXTERNAL
            tensor.external_data.add(key="location", value="weights")
    data: bytes = model.SerializeToString(deterministic=True)
    return data


def write_judge(folder: Path, classes: int, size: int) -> None:
    """Write the graph of a judge's classifiers, up to their penultimate layer.

    Input: pictures, float32 [N, 3, size, size] in [-1, 1]. Output: features, float32 [N, d].
    """
    with torch.random.fork_rng(devices=[]):
        network = _Features(classes, size)
        inputs = {"pictures": torch.zeros(2, 3, size, size)}
        atomic.write_bytes(folder / JUDGE_GRAPH, to_onnx(network, inputs, "features"))


class _Features(CarClassifier):
    def forward(self, pictures: Tensor) -> Tensor:
        return self.features(pictures)


@command
def main() -> None:
    """Write the graphs of the runs and judges that the command line names."""
    if not sys.argv[1:]:
        raise UserError("name the folders of runs: python -m gan.graph checkpoints/NAME ...")
    for path in map(Path, sys.argv[1:]):
        if (path / JUDGE_FILE).exists():
            about = reading.read_judge(path / JUDGE_FILE)
            write_judge(path, len(about["classes"]), about["size"])
        else:
            run = Run(path)
            values = run.read_config()
            config = from_json(values["settings"])
            classes = values["dataset"].get("classes", []) if config.conditional else []
            run.graph_path.unlink(missing_ok=True)
            write_generator(run, config, len(classes))
        print(f"wrote the graph of {path}")


if __name__ == "__main__":
    main()
