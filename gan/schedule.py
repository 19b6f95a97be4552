"""The length of a run, and the schedule of its learning rates."""

import math

from gan.config import RunConfig, from_json
from gan.errors import UserError
from gan.runs import Run


def total_iterations(config: RunConfig, train_pictures: int) -> int:
    """The number of steps of a run on so many training photos."""
    pictures = config.loop.pictures or config.loop.epochs * train_pictures
    return max(1, math.ceil(pictures / config.loop.batch))


def rate_factor(config: RunConfig, iteration: int, iterations: int) -> float:
    """The factor of a step's learning rates.

    It rises over `warmup` photos, then stays at 1, and falls linearly to 0 from `decay_from` of
    the budget to its end.
    """
    start, warmup = config.loop.decay_from, config.loop.warmup
    progress = iteration / iterations
    factor = 1.0 if progress < start else (1 - progress) / (1 - start)
    if warmup:
        factor *= min(1.0, 0.05 + iteration * config.loop.batch / warmup)
    return factor


def is_due(seen: int, batch: int, every: int, end: bool) -> bool:
    """Whether the last batch passed a multiple of `every` photos seen, or was the last of the run.

    Never where `every` is 0.
    """
    return every > 0 and (end or seen // every > (seen - batch) // every)


def check_budget(config: RunConfig, run: Run, iteration: int, train_pictures: int) -> list[int]:
    """Check that a resumed run may have the budget of `config`; return the run's warm restarts.

    A finished run may go on with a larger budget, for which its learning rates rise again (a warm
    restart, Loshchilov & Hutter 2017). An unfinished run may change its budget only until its
    learning rates begin to fall: after that it could not equal an uninterrupted run.

    Returns:
        The photos seen at each warm restart.

    Raises:
        UserError: The budget may not change.
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
