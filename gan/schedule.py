"""How long a run lasts, and how its learning rates follow that."""

import math

from gan.config import RunConfig, from_json
from gan.errors import UserError
from gan.runs import Run


def total_iterations(config: RunConfig, train_pictures: int) -> int:
    """How many steps the budget pays for."""
    pictures = config.loop.pictures or config.loop.epochs * train_pictures
    return max(1, math.ceil(pictures / config.loop.batch))


def rate_factor(config: RunConfig, iteration: int, iterations: int) -> float:
    """What a step's learning rates are multiplied by.

    It rises over `warmup` pictures, then stays at 1, and falls to zero from `decay_from` of the
    budget on.
    """
    start, warmup = config.loop.decay_from, config.loop.warmup
    progress = iteration / iterations
    factor = 1.0 if progress < start else (1 - progress) / (1 - start)
    if warmup:
        factor *= min(1.0, 0.05 + iteration * config.loop.batch / warmup)
    return factor


def is_due(seen: int, batch: int, every: int, end: bool) -> bool:
    """Whether the last `batch` of `seen` pictures reached a multiple of `every`, or the `end`.

    0 is never.
    """
    return every > 0 and (end or seen // every > (seen - batch) // every)


def check_budget(config: RunConfig, run: Run, iteration: int, train_pictures: int) -> list[int]:
    """At how many pictures the run, finished, was given more, so that its rates rose again.

    A finished run may go on with a larger budget (warm restart, Loshchilov & Hutter 2017). Before
    its end the budget may change only until the learning rates begin to fall.

    Raises:
        UserError: The resumed run could not equal an uninterrupted one.
    """
    saved = run.read_config()
    old = from_json(saved["settings"])
    restarts = list(saved["progress"].get("restarts", []))
    before, now = (total_iterations(each, train_pictures) for each in (old, config))
    if before == now or iteration <= config.loop.decay_from * min(before, now):
        return restarts
    if before <= iteration < now:
        return [*restarts, iteration * config.loop.batch]
    raise UserError(
        f"{run.path} is past the point where its learning rates began to fall, or would be:"
        f" go on with its own budget of {old.loop.pictures or old.loop.epochs}"
        f" {'pictures' if old.loop.pictures else 'epochs'}; once finished, it takes a larger one"
    )
