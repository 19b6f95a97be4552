"""Networks as the app runs them: a graph and weights through ONNX Runtime, without torch."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from safetensors import SafetensorError
from safetensors.numpy import load_file

from gan import calibration, reading, weights
from gan.calibration import PLAIN, Calibration
from gan.config import from_json, settings_hash
from gan.errors import UserError
from gan.latents import GUIDANCE
from gan.runs import JUDGE_FILE, JUDGE_GRAPH, JUDGE_REFERENCE, Run, judge_weights

PART = 4  # pictures at a time: at 256 pixels each takes 50 MB on its way; more are no faster

onnxruntime.disable_telemetry_events()  # what visitors draw is told to nobody


@dataclass(frozen=True)
class Network:
    """A graph with its weights, ready to run on one thread."""

    session: onnxruntime.InferenceSession

    def __call__(self, **inputs: np.ndarray) -> np.ndarray:
        """The network's output, float32 [N, ...], for float32 inputs of N rows each."""
        count = len(next(iter(inputs.values())))
        parts = [
            self.session.run(None, {name: x[i : i + PART] for name, x in inputs.items()})[0]
            for i in range(0, count, PART)
        ]
        return np.concatenate(parts)


@dataclass(frozen=True)
class Generator:
    """A run's generator."""

    network: Network
    classes: int  # 0 where it takes none
    latent: int  # numbers in a latent vector
    guided: bool  # whether it takes how typical a picture should be
    calibration: Calibration = PLAIN

    def draw(
        self, z: np.ndarray, y: np.ndarray | None = None, guidance: float = GUIDANCE
    ) -> np.ndarray:
        """Pictures uint8 [N, H, W, 3] of latents [N, latent] and weights over classes [N, classes].

        `guidance` is from 0 (unguided) to 1 (typical) or beyond, for generators that take it. The
        run's calibration says what 0.6 stands for, and shrinks the latents.

        Raises:
            UserError: Classes are given where there are none, or the other way round.
        """
        if (y is None) != (self.classes == 0):
            raise UserError("this generator knows no classes" if y is not None else "name a class")
        inputs = {"z": z * np.float32(self.calibration.truncation)}
        if y is not None:
            inputs["y"] = y
            if self.guided:
                inputs["guidance"] = self.calibration.guidance(guidance, y)
        made = self.network(**inputs)
        scaled = np.clip(np.rint(made * 127.5 + 127.5), 0, 255).astype(np.uint8)
        return scaled.transpose(0, 2, 3, 1)


@dataclass(frozen=True)
class Judge:
    """The classifier that gives its opinion on single pictures: the judge's first network."""

    network: Network
    classify: tuple[np.ndarray, np.ndarray]  # weight [classes, d] and bias of the last layer
    classes: tuple[str, ...]
    accuracy: float  # on held-out photos; NaN where there are none
    reference: np.ndarray  # float32 [M, d]: features of training photos
    lengths: np.ndarray  # float32 [M]: half of their squared lengths
    held_out: np.ndarray  # float32 [K]: distances of held-out photos to the nearest, sorted

    def look(self, pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Chances of each class, float [N, classes], and distances to the nearest photo [N].

        Args:
            pictures: uint8 [N, H, W, 3].
        """
        x = (pictures.astype(np.float32) / 127.5 - 1).transpose(0, 3, 1, 2)
        features = self.network(pictures=x)
        weight, bias = self.classify
        logits = features @ weight.T + bias
        powers = np.exp(logits - logits.max(1, keepdims=True))
        # |a - b|^2 = |a|^2 - 2ab + |b|^2 finds the nearest; its distance is taken exactly.
        # Without BLAS, which would wake a thread for each core: visitors are served side by side.
        closeness = np.einsum("nd,md->nm", features, self.reference) - self.lengths
        nearest = self.reference[closeness.argmax(1)]
        return powers / powers.sum(1, keepdims=True), np.linalg.norm(features - nearest, axis=1)


def load_generator(run: Run) -> Generator:
    """Read a run's generator.

    Raises:
        UserError: A file is missing, damaged, or doesn't fit the others.
    """
    values = run.read_config()
    config = from_json(values["settings"])
    tensors, about = weights.read_network(run.generator_path)
    if about.get("settings") != settings_hash(values["settings"]):
        raise UserError(f"{run.generator_path} was not made with the settings in config.json")
    classes = tuple(values["dataset"].get("classes", ())) if config.conditional else ()
    network = _network(run.graph_path, tensors, run.generator_path)
    own = calibration.read(run, classes)
    return Generator(network, len(classes), config.network.latent, config.guided, own)


def load_judge(folder: Path) -> Judge:
    """Read the judge in a folder.

    Raises:
        UserError: A file is missing or damaged.
    """
    try:
        about = reading.read_judge(folder / JUDGE_FILE)
        path = folder / judge_weights(about["seeds"][0])
        for file in (path, folder / JUDGE_REFERENCE):
            reading.check_plain(file)
        tensors = load_file(path)
        weight, bias = tensors.pop("classify.weight"), tensors.pop("classify.bias")
        kept = load_file(folder / JUDGE_REFERENCE)
        reference = kept["features"].astype(np.float32)
        return Judge(
            network=_network(folder / JUDGE_GRAPH, tensors, path),
            classify=(weight.astype(np.float32), bias.astype(np.float32)),
            classes=tuple(about["classes"]),
            accuracy=about["accuracy"][0] if about["accuracy"] else float("nan"),
            reference=reference,
            lengths=(reference**2).sum(1) / 2,
            held_out=kept["held_out"],
        )
    except (OSError, SafetensorError, ValueError, KeyError, TypeError, IndexError) as error:
        raise UserError(f"the judge in {folder} is damaged: {error}") from None


def _network(graph: Path, tensors: dict[str, np.ndarray], path: Path) -> Network:
    for name, value in tensors.items():
        if not np.isfinite(value).all():
            raise UserError(f"{path} is damaged: {name} holds values that are not finite")
    if not graph.is_file():
        raise UserError(
            f"{graph} is missing: write it where torch is, with python -m gan.graph {graph.parent}"
        )
    reading.check_plain(graph)
    given = {n: t.astype(np.float32) for n, t in tensors.items() if t.dtype.kind == "f"}
    values = [onnxruntime.OrtValue.ortvalue_from_numpy(value) for value in given.values()]
    options = onnxruntime.SessionOptions()
    # Visitors are served side by side, each by one thread. The arena would keep the largest
    # picture's memory for good.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 4
    # The session has its own copy once it is made (ONNX Runtime's C API, AddExternalInitializers),
    # so ours are freed at the end.
    options.add_external_initializers(list(given), values)
    try:
        session = onnxruntime.InferenceSession(
            graph.read_bytes(), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # its exceptions share no class but this one
        raise UserError(f"{path} and {graph.name} don't fit each other: {error!s:.200}") from None
    return Network(session)
