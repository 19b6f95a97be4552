"""Growing: settings and first weights of a run of twice the size of a finished one."""

import hashlib
from dataclasses import replace

from gan.checkpoint import LoadedGenerator, load_generator
from gan.config import SIZES, DataConfig, ProjectedConfig, RunConfig
from gan.errors import UserError
from gan.runs import Run


def grow(config: RunConfig, run: Run) -> tuple[RunConfig, LoadedGenerator]:
    """The settings of a run that grows from `run`, and the generator of `run`: the trunk.

    Widths, depth, latent and class code are those of `run`, the size is twice as large, and
    everything else is as in `config`. The settings name the trunk by the SHA-256 of its file.

    Raises:
        UserError: `run` isn't finished, has other networks, draws the largest size already, takes
            guidance where `config` has none, or can't be read.
    """
    saved = run.read_config()
    trunk = load_generator(run)
    network = trunk.config.network
    if not isinstance(network, ProjectedConfig) or not isinstance(config.network, ProjectedConfig):
        raise UserError(f"{run.path} can't be grown from: it isn't a run of our conditional recipe")
    if not saved["progress"].get("finished", False):
        raise UserError(f"{run.path} isn't finished: go on with --out {run.path} --resume first")
    larger = [size for size in SIZES if size == 2 * trunk.size]
    if not larger:
        raise UserError(f"{run.path} draws {trunk.size} px already: nothing larger is supported")
    if network.guided and not config.network.guided:
        raise UserError(f"{run.path} takes guidance: add --guided")
    grown = replace(
        config.network,
        width=network.width,
        latent=network.latent,
        class_code=network.class_code,
        depth=network.depth,
        grown=network.grown + 1,
        trunk=hashlib.sha256(run.generator_path.read_bytes()).hexdigest(),
    )
    return replace(config, data=DataConfig(config.data.data, larger[0]), network=grown), trunk
