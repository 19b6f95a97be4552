"""Every setting of a run, as frozen dataclasses that check their values; to JSON and back.

"The report" is the course report whose networks this project trains again (see README.md). The
comments beside the fields are the help texts of the flags. G is the generator, D the discriminator.
"""

import dataclasses
import hashlib
import json
import typing
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from gan.address import public
from gan.errors import UserError

SIZES: tuple[Literal[64, 128, 256], ...] = (64, 128, 256)
WIDEST = 16384  # largest width or batch size; anything above it is taken for a typing mistake


@dataclass(frozen=True)
class DataConfig:
    """The pictures to learn from."""

    data: str = "drawn"  # "drawn" (embedded), a prepared folder, photos, an archive or its URL
    size: Literal[64, 128, 256] = 64  # pixels a side


@dataclass(frozen=True)
class DCGANConfig:
    """The report's unconditional networks: DCGAN (Radford et al. 2016)."""

    conditional: ClassVar[bool] = False
    kernel: Literal[4, 6, 8] = 4  # kernel of the layers that double or halve the size
    width: int = 64  # channels of the layer next to the picture; they double towards 4x4
    latent: int = 128  # length of the latent vector
    activation: Literal["leaky_relu", "relu"] = "leaky_relu"  # of both networks
    slope: float = 0.2  # LeakyReLU's slope below zero

    def __post_init__(self) -> None:
        _positive(self, "width", "latent", most=WIDEST)
        _within(self, "slope", 0, 1)


@dataclass(frozen=True)
class CGANConfig:
    """The report's conditional networks: the class is appended to latent and features."""

    conditional: ClassVar[bool] = True
    kernel: Literal[4, 6, 8] = 4  # kernel of the layers that double or halve the size
    width: int = 64  # channels of the layer next to the picture; they double towards 4x4
    latent: int = 128  # length of the latent vector
    slope: float = 0.2  # LeakyReLU's slope below zero (D)
    dense: int = 512  # width of D's dense layers
    dense_layers: int = 2  # number of dense layers in D, without the last
    dropout: float = 0.4  # dropout rate after each dense layer of D

    def __post_init__(self) -> None:
        _positive(self, "width", "latent", "dense", "dense_layers", most=WIDEST)
        _within(self, "slope", 0, 1)
        _within(self, "dropout", 0, 0.95)


@dataclass(frozen=True)
class AdversarialConfig:
    """The report's losses and optimisers."""

    loss: Literal["bce", "mse"] = "bce"  # binary cross-entropy, or least squares (LSGAN)
    real_target: float = 1.0  # D's target for photos; 0.9 is one-sided label smoothing
    first: Literal["generator", "discriminator"] = "generator"  # network updated first in a step
    lr_g: float = 2e-4  # Adam's learning rate, generator
    lr_d: float = 2e-4  # Adam's learning rate, discriminator
    beta1: float = 0.5  # Adam's momentum (DCGAN's value)
    beta2: float = 0.999  # Adam's second-moment decay

    def __post_init__(self) -> None:
        _positive(self, "lr_g", "lr_d")
        _within(self, "real_target", 0.5, 1)
        _within(self, "beta1", 0, 0.9999)
        _within(self, "beta2", 0, 0.99999)


@dataclass(frozen=True)
class ProjectedConfig:
    """Our conditional networks: conditional BatchNorm in G, small heads on frozen features in D."""

    conditional: ClassVar[bool] = True
    width: int = 32  # channels of G's last layer; they double towards 4x4
    latent: int = 128  # length of the latent vector
    class_code: int = 64  # length of the class embedding in G
    head_width: int = 32  # channels of each of D's heads
    pixel_width: int = 16  # channels of D's layers that read pixels
    bank: int = 256  # recent photos of each class whose statistics are stored
    view: Literal[64, 128, 256] = 64  # least side at which the frozen network reads pictures
    guided: bool = False  # G takes a guidance value, from 0 (unguided) to 1 (typical)
    depth: int = 0  # residual blocks of G at each size from 8 to half of the picture's
    mapping: bool = False  # G's layers also read a nonlinear function of latent and class
    layouts: bool = False  # D has four more heads, which see where in the picture things are
    close: bool = False  # from 128 px on the frozen network also reads a crop, enlarged
    grown: int = 0  # how often G was grown to twice its size (set by --grow-from)
    trunk: str = ""  # SHA-256 of the generator file that G was grown from (set by --grow-from)
    start: str = ""  # SHA-256 of the generator file that G began with (set by --start-from)

    def __post_init__(self) -> None:
        names = ("width", "latent", "class_code", "head_width", "pixel_width", "bank")
        _positive(self, *names, most=WIDEST)
        _within(self, "grown", 0, 2)
        _within(self, "depth", 0, 8)


@dataclass(frozen=True)
class DriftConfig:
    """Drift towards the photos of each class, with a hinge loss on D's heads."""

    drift: bool = True  # if not, G learns from D's heads alone, as a Projected GAN: a baseline
    adversarial: float = 0.25  # gradient of the heads' loss, relative to the drift's
    join: int = 6_000  # pictures seen before the heads' loss sets in; at once it costs variety
    ramp: int = 8_000  # pictures over which the heads' loss then grows to its full weight
    classify: float = 3.0  # largest gradient of the class head's loss, relative to the drift's
    contrast: float = 0.6  # share of photos of another class in the repulsion, 0 to 1
    references: int = 48  # photos of each class that attract in a step
    crowd: int = 0  # pictures of each class, from earlier steps, that repel too
    trunk_rate: float = 0.1  # learning rate of grown-from layers, relative to G's new ones
    shift: int = 3  # random shift of pictures before the frozen network reads them, pixels
    lr_g: float = 1e-3  # Adam's learning rate, generator
    lr_d: float = 1e-3  # Adam's learning rate, heads
    beta1: float = 0.0  # Adam's momentum
    beta2: float = 0.99  # Adam's second-moment decay

    def __post_init__(self) -> None:
        _positive(self, "references", "lr_g", "lr_d")
        _within(self, "adversarial", 0, 100)
        _within(self, "classify", 0, 100)
        _within(self, "contrast", 0, 0.99)
        _within(self, "shift", 0, 16)
        _within(self, "crowd", 0, WIDEST)
        _within(self, "trunk_rate", 0, 1)
        _within(self, "join", 0, 10**9)
        _within(self, "ramp", 0, 10**9)
        _within(self, "beta1", 0, 0.9999)
        _within(self, "beta2", 0, 0.99999)


@dataclass(frozen=True)
class LoopConfig:
    """Length of the training, batches, and how often the run is saved."""

    epochs: float = 10  # passes over the training split
    pictures: int = 0  # number of photos shown in all; 0: as --epochs says
    minutes: float = 0  # stop after so much training time; 0 is no limit
    batch: int = 128  # photos in a step, over all processes together
    balanced: bool = False  # equally many photos of every class in a batch
    warmup: int = 0  # photos over which learning rates rise to their full values
    decay_from: float = 1.0  # part of the budget, 0 to 1, after which learning rates fall to zero
    half_life: int = 10_000  # photos, of weights in the averaged generator; at most 5 % of seen
    mirror: bool = False  # mirror each photo with probability 1/2, anew each time
    seed: int = 0  # of weights, data order and latents
    sample_every: int = 100  # iterations between two grids of sample pictures
    log_every: int = 10  # iterations between two rows of losses.csv
    save_minutes: float = 5  # minutes between two saves of the whole state
    keep_every: int = 0  # photos between two generators kept to choose from; 0 keeps the last
    threads: int = 0  # processor threads; 0: one a core; take fewer if other programs run too
    precision: Literal["auto", "float32"] = "auto"  # auto: bfloat16 where the hardware is fast

    def __post_init__(self) -> None:
        _positive(self, "epochs", "sample_every", "log_every", "save_minutes", "half_life")
        _positive(self, "batch", most=WIDEST)
        _within(self, "pictures", 0, 10**12)
        _within(self, "minutes", 0, 10**6)
        _within(self, "seed", 0, 2**31 - 1)
        _within(self, "threads", 0, 1024)
        _within(self, "warmup", 0, 10**9)
        _within(self, "keep_every", 0, 10**12)
        _within(self, "decay_from", 0, 1)
        if self.batch < 2:
            raise UserError("--batch must be at least 2: BatchNorm needs two pictures")


# Settings that a resumed run may change: they don't alter what a step computes.
PACE = ("epochs", "pictures", "minutes", "save_minutes", "keep_every", "threads")

NetworkConfig = DCGANConfig | CGANConfig | ProjectedConfig
ObjectiveConfig = AdversarialConfig | DriftConfig
# By the name of the kind in config.json, which for a network is its module in gan/models too.
NETWORKS: dict[str, type] = {
    "dcgan": DCGANConfig,
    "cgan": CGANConfig,
    "projected": ProjectedConfig,
}
OBJECTIVES: dict[str, type] = {"adversarial": AdversarialConfig, "drift": DriftConfig}


@dataclass(frozen=True)
class RunConfig:
    """Every setting of one training run."""

    data: DataConfig
    network: NetworkConfig
    objective: ObjectiveConfig
    loop: LoopConfig

    def __post_init__(self) -> None:
        if isinstance(self.network, ProjectedConfig) != isinstance(self.objective, DriftConfig):
            raise UserError(
                "a projected network and the drift objective need each other; the report's"
                " networks take the adversarial objective"
            )
        if self.guided and isinstance(self.objective, DriftConfig) and not self.objective.drift:
            raise UserError("guidance acts on the drift: take --guided or --no-drift, not both")
        if isinstance(self.network, ProjectedConfig) and self.network.close:
            self._check_close(self.network.view)

    def _check_close(self, view: int) -> None:
        # Below 128 px, or with a larger view, the frozen network reads whole pictures enlarged.
        if self.data.size < 128 or view > 128:
            raise UserError("--close is for pictures of 128 px or more, and a --view up to 128")

    @property
    def architecture(self) -> str:
        """The network's key in NETWORKS."""
        return kind_of(self.network)

    @property
    def guided(self) -> bool:
        """Whether the generator takes a guidance value."""
        return isinstance(self.network, ProjectedConfig) and self.network.guided

    @property
    def conditional(self) -> bool:
        """Whether the generator takes a class."""
        return self.network.conditional


def kind_of(config: NetworkConfig | ObjectiveConfig) -> str:
    """The name of a network's or an objective's kind."""
    kinds = NETWORKS | OBJECTIVES
    return next(name for name, kind in kinds.items() if type(config) is kind)


def to_json(config: RunConfig) -> dict[str, Any]:
    """The settings as JSON values, with the kinds of network and objective.

    A web address loses its password or token.
    """
    return {
        "data": dataclasses.asdict(config.data) | {"data": public(config.data.data)},
        "network": {"kind": config.architecture} | dataclasses.asdict(config.network),
        "objective": {"kind": kind_of(config.objective)} | dataclasses.asdict(config.objective),
        "loop": dataclasses.asdict(config.loop),
    }


def from_json(values: Any) -> RunConfig:
    """The inverse of `to_json`; a missing setting takes its default.

    Raises:
        UserError: A section is missing, a key unknown, or a value of the wrong type or range.
    """
    if not isinstance(values, dict):
        raise UserError("the settings are not a JSON object")
    return RunConfig(
        data=_read(DataConfig, values, "data"),
        network=_read(NETWORKS, values, "network"),
        objective=_read(OBJECTIVES, values, "objective"),
        loop=_read(LoopConfig, values, "loop"),
    )


def frozen_settings(config: RunConfig) -> dict[str, Any]:
    """The settings that a resumed run must share with the run before, as JSON values."""
    values = to_json(config)
    # The photos' content is compared elsewhere; the place where they lie may change.
    data = {key: value for key, value in values["data"].items() if key != "data"}
    return values | {"data": data, "loop": _without_pace(values["loop"])}


def settings_hash(values: dict[str, Any]) -> str:
    """First 12 hexadecimal digits of the SHA-256 of the settings that `to_json` gives.

    It is taken of the stored JSON, not of the dataclasses, so that a later version with more
    settings computes the same hash. Settings in PACE are left out.
    """
    text = json.dumps(values | {"loop": _without_pace(values["loop"])}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _without_pace(loop: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in loop.items() if key not in PACE}


def _read(kind: type | dict[str, type], values: dict[str, Any], section: str) -> Any:
    fields = values.get(section)
    if not isinstance(fields, dict):
        raise UserError(f"the settings have no section {section!r}")
    fields = dict(fields)
    if isinstance(kind, dict):
        name = fields.pop("kind", None)
        if not isinstance(name, str) or name not in kind:
            raise UserError(f"{section} kind {name!r:.80} is not one of {', '.join(kind)}")
        kind = kind[name]
    hints = typing.get_type_hints(kind)
    for name, value in fields.items():
        if name not in hints:
            raise UserError(f"{section}.{name:.80} is unknown to this version")
        hint = hints[name]
        if typing.get_origin(hint) is Literal:
            good = value in typing.get_args(hint) and type(value) is not bool
        elif hint is float:
            good = type(value) in (int, float)
        else:
            good = type(value) is hint
        if not good:
            raise UserError(f"{section}.{name} can't be {value!r:.80}")
    return kind(**fields)


def _positive(config: object, *names: str, most: float = 1e9) -> None:
    for name in names:
        value = getattr(config, name)
        if not 0 < value <= most:
            raise UserError(
                f"--{name.replace('_', '-')} must be above 0 and at most {most:.0f}, not {value}"
            )


def _within(config: object, name: str, low: float, high: float) -> None:
    value = getattr(config, name)
    if not low <= value <= high:
        raise UserError(f"--{name.replace('_', '-')} must be from {low} to {high}, not {value}")
