"""What a run is made of: frozen dataclasses that check themselves; JSON in and out."""

import dataclasses
import hashlib
import json
import typing
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from gan.address import kept
from gan.errors import UserError

SIZES: tuple[Literal[64, 128, 256], ...] = (64, 128, 256)
KERNELS = (4, 6, 8)
WIDEST = 16384  # channels, numbers or pictures side by side; beyond, it is a typing mistake


@dataclass(frozen=True)
class DataConfig:
    """The pictures to learn from."""

    data: str = "drawn"  # "drawn" (embedded), a prepared folder, photos, an archive or its URL
    size: Literal[64, 128, 256] = 64  # pixels a side


@dataclass(frozen=True)
class DCGANConfig:
    """The report's unconditional pair (Radford et al. 2016)."""

    conditional: ClassVar[bool] = False
    kernel: Literal[4, 6, 8] = 4  # of every stage that doubles or halves; 4x4 <-> 1x1 keep 4
    width: int = 64  # channels of the stage next to the picture; doubles towards 4x4
    latent: int = 128  # numbers in a latent vector
    activation: Literal["leaky_relu", "relu"] = "leaky_relu"  # between layers, both networks
    slope: float = 0.2  # of LeakyReLU below zero

    def __post_init__(self) -> None:
        _positive(self, "width", "latent", most=WIDEST)
        _within(self, "slope", 0, 1)


@dataclass(frozen=True)
class CGANConfig:
    """The report's conditional pair: the class code joins the latent and the features."""

    conditional: ClassVar[bool] = True
    kernel: Literal[4, 6, 8] = 4  # of every stage that doubles or halves; 4x4 <-> 1x1 keep 4
    width: int = 64  # channels of the stage next to the picture; doubles towards 4x4
    latent: int = 128  # numbers in a latent vector
    slope: float = 0.2  # of LeakyReLU below zero (discriminator)
    dense: int = 512  # width of the discriminator's dense layers
    dense_layers: int = 2  # how many of them before the last
    dropout: float = 0.4  # between the discriminator's dense layers

    def __post_init__(self) -> None:
        _positive(self, "width", "latent", "dense", "dense_layers", most=WIDEST)
        _within(self, "slope", 0, 1)
        _within(self, "dropout", 0, 0.95)


@dataclass(frozen=True)
class AdversarialConfig:
    """The report's losses and optimisers."""

    loss: Literal["bce", "mse"] = "bce"  # binary cross-entropy, or least squares (LSGAN)
    real_target: float = 1.0  # what D should say of real pictures; 0.9 is one-sided smoothing
    first: Literal["generator", "discriminator"] = "generator"  # which network steps first
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
    """Our conditional pair: conditional BatchNorm in G, thin heads on frozen features in D."""

    conditional: ClassVar[bool] = True
    width: int = 32  # channels of G's last stage; doubles towards 4x4
    latent: int = 128  # numbers in a latent vector
    class_code: int = 64  # numbers that stand for a class in G
    head_width: int = 32  # channels of each of D's heads
    pixel_width: int = 16  # channels of D's own first look at the pixels
    bank: int = 256  # photos a class whose statistics are kept at hand
    view: Literal[64, 128, 256] = (
        64  # pixels that the frozen network reads: size, 128 at most, or more
    )
    guided: bool = False  # G takes how typical a picture should be, drawn anew for each class
    grown: int = 0  # doublings since the run that it grew from first (see --grow-from)
    trunk: str = ""  # SHA-256 of the generator file that it grew from

    def __post_init__(self) -> None:
        names = ("width", "latent", "class_code", "head_width", "pixel_width", "bank")
        _positive(self, *names, most=WIDEST)
        _within(self, "grown", 0, 2)


@dataclass(frozen=True)
class DriftConfig:
    """Drifting towards each class's photos, sharpened by the heads (hinge loss)."""

    adversarial: float = 0.25  # the heads' pull on the pictures, relative to the drift's
    join: int = 6_000  # pictures seen before the heads come in: from the start they cost variety
    ramp: int = 8_000  # pictures from then on over which their pull, and its class term, grow
    classify: float = 3.0  # largest pull of a class head trained on photos, relative to the drift's
    contrast: float = 0.6  # share of another class's photos among what repels
    references: int = 48  # photos a class that a step compares with
    crowd: int = 0  # pictures a class drawn in earlier steps that repel beside those of the batch
    trunk_rate: float = 0.1  # learning rate of what G took over from its trunk, of G's own
    shift: int = 3  # pixels by which pictures are moved at most before they are read
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
    """How long, how fast, how often."""

    epochs: float = 10  # passes over the training split
    pictures: int = 0  # budget in real pictures seen; over epochs where it is not 0
    minutes: float = 0  # stop after so much training time; 0 is no limit
    batch: int = 128  # pictures a step, over all processes together
    balanced: bool = False  # as many pictures of every class in a batch
    warmup: int = 0  # pictures over which learning rates rise to their full values
    decay_from: float = 1.0  # share of the budget from which learning rates fall to zero
    mirror: bool = False  # show half of the pictures mirrored, drawn anew each time
    seed: int = 0  # of weights, data order and latents
    sample_every: int = 100  # iterations between two grids of fixed latents
    log_every: int = 10  # iterations between two rows of losses.csv
    save_minutes: float = 5  # between two saves of the full state
    keep_every: int = 0  # pictures between two generators kept to choose among; 0: the last alone
    threads: int = 0  # threads that compute; 0: one a core; fewer where other programs run too
    precision: Literal["auto", "float32"] = "auto"  # bfloat16 where the hardware is fast at it

    def __post_init__(self) -> None:
        _positive(self, "epochs", "sample_every", "log_every", "save_minutes")
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


# Settings that a resumed run may change: how long and how it runs, not what it computes.
PACE = ("epochs", "pictures", "minutes", "save_minutes", "keep_every", "threads")

NetworkConfig = DCGANConfig | CGANConfig | ProjectedConfig
ObjectiveConfig = AdversarialConfig | DriftConfig
# The kinds' names in config.json; a network's kind is also the name of its module in gan/models.
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

    @property
    def architecture(self) -> str:
        """The network's key in NETWORKS."""
        return kind_of(self.network)

    @property
    def guided(self) -> bool:
        """Whether the generator takes how typical a picture should be."""
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
    """The settings as plain JSON values; the kinds of network and objective are named.

    Of an address they hold what may be shared: no password, no token.
    """
    return {
        "data": dataclasses.asdict(config.data) | {"data": kept(config.data.data)},
        "network": {"kind": config.architecture} | dataclasses.asdict(config.network),
        "objective": {"kind": kind_of(config.objective)} | dataclasses.asdict(config.objective),
        "loop": dataclasses.asdict(config.loop),
    }


def from_json(values: Any) -> RunConfig:
    """Read what `to_json` wrote; a setting that it lacks takes its default.

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
    # Photos that moved are the same photos: their content is compared, not their place.
    data = {key: value for key, value in values["data"].items() if key != "data"}
    return values | {"data": data, "loop": _without_pace(values["loop"])}


def settings_hash(values: dict[str, Any]) -> str:
    """First 12 hexadecimal digits of the SHA-256 of settings as `to_json` gives them.

    Taken of the JSON, not of the dataclasses: a later version with more settings still agrees
    with the files that this one wrote. What a resumed run may change (PACE) is left out.
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
