"""Draws pictures for the pages. The only part of the demo that imports torch, and not before a
picture is asked for."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as Expired
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import streamlit as st

from gan.demo import store
from gan.demo.catalogue import JUDGE_FILE, Entry, type_name
from gan.demo.opinions import Judged, Opinion, share_closer
from gan.runs import Run

if TYPE_CHECKING:
    from gan.checkpoint import LoadedGenerator
    from gan.metrics.judge import Judge

T = TypeVar("T")
WORKERS = 2  # forward passes at a time: as many as the smallest host has cores
PATIENCE = 30  # seconds a visitor waits for a turn
FIRST_PATIENCE = 120  # the same for the first one, who waits for torch to be imported
MOST_PICTURES = 16


class Busy(Exception):
    """Too many visitors draw at once; trying again in a moment works."""


@dataclass(frozen=True)
class Drawn:
    """Pictures and how long the network took for them."""

    pictures: np.ndarray  # uint8 [N,H,W,3]
    seconds: float


def draw(
    entry: Entry, seeds: tuple[int, ...], labels: tuple[int, ...] | None, truncation: float
) -> Drawn:
    """Pictures of `seeds`, one a seed; cached, so a second visitor waits for nothing.

    Args:
        entry: A run that is ready.
        seeds: One a picture; a picture depends on its own seed alone.
        labels: One class number a picture, or None where the generator takes none.
        truncation: Above 0, at most 1.

    Raises:
        UserError: The checkpoint can't be used.
        Busy: No turn came in time.
    """
    path, changed = str(entry.run.path), store.stamp(entry.run.generator_path)
    return _draw(path, changed, seeds, labels, truncation)


def morph(
    entry: Entry,
    seeds: tuple[int, int],
    labels: tuple[int, int] | None,
    positions: tuple[tuple[float, float], ...],
) -> Drawn:
    """Pictures between two ends; position (l, c) is how far the latent and the class have moved.

    Raises:
        UserError: The checkpoint can't be used.
        Busy: No turn came in time.
    """
    path, changed = str(entry.run.path), store.stamp(entry.run.generator_path)
    return _morph(path, changed, seeds, labels, positions)


def judge(entry: Entry, drawn: Drawn) -> Judged | None:
    """What the classifier says of drawn pictures; None where no judge knows the run's photos.

    Raises:
        UserError: The judge's files can't be used.
        Busy: No turn came in time.
    """
    size = entry.settings.data.size if entry.settings else 0
    folder = store.judge_folder(str(entry.dataset.get("content_hash")), size)
    if folder is None:
        return None
    return _judged(str(folder), store.stamp(folder / JUDGE_FILE), drawn.pictures)


def _in_turn(work: Callable[[], T]) -> T:
    future: Future[T] = _pool().submit(work)
    try:
        return future.result(PATIENCE if "torch" in sys.modules else FIRST_PATIENCE)
    except Expired:
        future.cancel()
        raise Busy from None


# A fixed pool, not the visitors' own threads: it bounds the work and the memory, because every
# thread that calls torch keeps a team of helpers of its own.
@st.cache_resource(show_spinner=False)
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(WORKERS, thread_name_prefix="draw")


@st.cache_resource(max_entries=3, show_spinner=False)
def _generator(path: str, changed: store.Stamp) -> LoadedGenerator:
    from gan.checkpoint import load_generator

    return load_generator(Run(Path(path)))


@st.cache_resource(max_entries=2, show_spinner=False)
def _judge(folder: str, changed: store.Stamp) -> Judge:
    from gan.metrics import judge

    return judge.read(Path(folder))


@st.cache_data(max_entries=64, show_spinner="Asking the classifier")
def _judged(folder: str, changed: store.Stamp, made: np.ndarray) -> Judged:
    def work() -> Judged:
        from gan.metrics.classifier import predict
        from gan.metrics.measures import nearest

        judge = _judge(folder, changed)
        # Network 0 alone: its features are the ones that the reference was kept in.
        said = predict(judge.networks[0], made)
        chances = said.logits.softmax(1).numpy()
        held_out = judge.held_out
        distances = nearest(said.pooled, judge.reference)[0] if len(held_out) else None
        found = []
        for number, chance in enumerate(chances):
            distance = float(distances[number]) if distances is not None else None
            closer = share_closer(distance, held_out) if distance is not None else None
            best = int(chance.argmax())
            found.append(
                Opinion(type_name(judge.classes[best]), float(chance[best]), distance, closer)
            )
        return Judged(found, judge.accuracy[0] if judge.accuracy else float("nan"), held_out)

    return _in_turn(work)


@st.cache_data(max_entries=64, show_spinner="Drawing (the first time loads the network)")
def _draw(
    path: str,
    changed: store.Stamp,
    seeds: tuple[int, ...],
    labels: tuple[int, ...] | None,
    truncation: float,
) -> Drawn:
    def work() -> Drawn:
        from gan import sampling

        generator = _generator(path, changed)
        start = time.perf_counter()
        made = sampling.generate(
            generator, list(seeds), list(labels) if labels is not None else None, truncation
        )
        return Drawn(made, time.perf_counter() - start)

    return _in_turn(work)


@st.cache_data(max_entries=32, show_spinner="Drawing (the first time loads the network)")
def _morph(
    path: str,
    changed: store.Stamp,
    seeds: tuple[int, int],
    labels: tuple[int, int] | None,
    positions: tuple[tuple[float, float], ...],
) -> Drawn:
    def work() -> Drawn:
        from gan import sampling

        generator = _generator(path, changed)
        start = time.perf_counter()
        ends = sampling.latents(seeds, generator.latent)
        latents = sampling.interpolate(ends[0], ends[1], [latent for latent, _ in positions])
        weights: Any = None
        if labels is not None:
            weights = sampling.class_weights(
                labels[0], labels[1], len(generator.classes), [kind for _, kind in positions]
            )
        made = sampling.from_latents(generator, latents, weights)
        return Drawn(made, time.perf_counter() - start)

    return _in_turn(work)
