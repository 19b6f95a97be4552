"""Draws pictures for the pages and asks the judge: in turn, cached, a network loaded once."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as Expired
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import streamlit as st

from gan import latents
from gan.demo import memory, store
from gan.demo.catalogue import Entry, type_name
from gan.demo.opinions import Judged, Opinion, share_closer
from gan.errors import UserError
from gan.runs import JUDGE_FILE, Run

if TYPE_CHECKING:
    from gan.demo.network import Generator, Judge

T = TypeVar("T")
WORKERS = 2  # forward passes at a time: as many as the smallest host has cores
PATIENCE = 30  # seconds a visitor waits for a turn
MOST_PICTURES = 16


Stamps = tuple[store.Stamp, store.Stamp]  # of a generator and of its calibration


class Busy(Exception):
    """Too many visitors draw at once; trying again in a moment works."""


@dataclass(frozen=True)
class Drawn:
    """Pictures and how long the network took for them."""

    pictures: np.ndarray  # uint8 [N,H,W,3]
    seconds: float
    asked: tuple[object, ...]  # checkpoint and all that was asked of it: pictures follow from it


def draw(
    entry: Entry,
    seeds: tuple[int, ...],
    labels: tuple[int, ...] | None,
    truncation: float,
    guidance: float = latents.GUIDANCE,
    moves: tuple[float, ...] = (),
) -> Drawn:
    """Pictures of `seeds`, one a seed; cached, so a second visitor waits for nothing.

    Args:
        entry: A run that is ready.
        seeds: One a picture; a picture depends on its own seed alone.
        labels: One class number a picture, or None where the generator takes none.
        truncation: Above 0, at most 1.
        guidance: From 0 (unguided) to 1 (typical) or beyond, for generators that take it.
        moves: How far to go along each direction of `store.directions`.

    Raises:
        UserError: The checkpoint can't be used.
        Busy: No turn came in time.
    """
    path, changed = str(entry.run.path), _stamps(entry)
    shift = store.directions(entry) @ np.array(moves) if any(moves) else None
    return _draw(path, changed, seeds, labels, truncation, guidance, shift)


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
    path, changed = str(entry.run.path), _stamps(entry)
    return _morph(path, changed, seeds, labels, positions)


def judge(entry: Entry, drawn: Drawn) -> Judged | None:
    """What the classifier says of drawn pictures; None where no judge knows the run's photos.

    Where no judge reads the run's own size, that of a smaller run that it grew from reads its
    pictures averaged down.

    Raises:
        UserError: The judge's files can't be used.
        Busy: No turn came in time.
    """
    for trained in (entry, *store.trunks(entry)):
        photos = trained.dataset.get("content_hash"), entry.dataset.get("content_hash")
        if trained.size == entry.size and photos[0] != photos[1]:
            return None  # it went on from there on other photos
        folder = store.judge_folder(str(trained.dataset.get("content_hash")), trained.size)
        if folder is not None:
            halvings = (entry.size // trained.size).bit_length() - 1
            return _judged(str(folder), store.stamp(folder / JUDGE_FILE), drawn, halvings)
    return None


def _halved(pictures: np.ndarray) -> np.ndarray:
    """Means of 2x2 pixels: uint8 [N, S, S, 3] to [N, S/2, S/2, 3]."""
    blocks = pictures[:, ::2].astype(np.float32) + pictures[:, 1::2]
    return ((blocks[:, :, ::2] + blocks[:, :, 1::2]) / 4).round().astype(np.uint8)


def _stamps(entry: Entry) -> Stamps:
    return store.stamp(entry.run.generator_path), store.stamp(entry.run.calibration_path)


def _in_turn(work: Callable[[], T]) -> T:
    def turn() -> T:
        try:
            return work()
        finally:
            memory.give_back()  # what loading and drawing needed on their way

    future: Future[T] = _pool().submit(turn)
    try:
        return future.result(PATIENCE)
    except Expired:
        future.cancel()
        raise Busy from None


# A fixed pool, not the visitors' own threads: it bounds the work and the memory.
@st.cache_resource(show_spinner=False)
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(WORKERS, thread_name_prefix="draw")


@st.cache_resource(max_entries=3, show_spinner=False)
def _generator(path: str, changed: Stamps) -> Generator:
    from gan.demo import network

    return network.load_generator(Run(Path(path)))


@st.cache_resource(max_entries=2, show_spinner=False)
def _judge(folder: str, changed: store.Stamp) -> Judge:
    from gan.demo import network

    return network.load_judge(Path(folder))


# What is shared between visitors is never changed in place: no page needs a copy of its own.
@st.cache_resource(
    max_entries=64, show_spinner=False, hash_funcs={Drawn: lambda drawn: drawn.asked}
)
def _judged(folder: str, changed: store.Stamp, drawn: Drawn, halvings: int) -> Judged:
    def work() -> Judged:
        judge = _judge(folder, changed)
        made = drawn.pictures
        for _ in range(halvings):
            made = _halved(made)
        chances, distances = judge.look(made)
        known = len(judge.held_out) > 0
        found = []
        for chance, distance in zip(chances, distances.tolist(), strict=True):
            best = int(chance.argmax())
            found.append(
                Opinion(
                    type_name(judge.classes[best]),
                    float(chance[best]),
                    distance if known else None,
                    share_closer(distance, judge.held_out) if known else None,
                )
            )
        return Judged(found, judge.accuracy, judge.held_out)

    return _in_turn(work)


@st.cache_resource(max_entries=64, show_spinner=False)
def _draw(
    path: str,
    changed: Stamps,
    seeds: tuple[int, ...],
    labels: tuple[int, ...] | None,
    truncation: float,
    guidance: float,
    shift: np.ndarray | None,
) -> Drawn:
    asked = (path, changed, seeds, labels, truncation, guidance, shift)

    def work() -> Drawn:
        generator = _generator(path, changed)
        start = time.perf_counter()
        z = latents.from_seeds(seeds, generator.latent, truncation)
        z = z if shift is None else z + shift.astype(np.float32)
        y = None if labels is None else _one_hot(labels, generator.classes)
        return Drawn(generator.draw(z, y, guidance), time.perf_counter() - start, asked)

    return _in_turn(work)


@st.cache_resource(max_entries=32, show_spinner=False)
def _morph(
    path: str,
    changed: Stamps,
    seeds: tuple[int, int],
    labels: tuple[int, int] | None,
    positions: tuple[tuple[float, float], ...],
) -> Drawn:
    asked = (path, changed, seeds, labels, positions)

    def work() -> Drawn:
        generator = _generator(path, changed)
        start = time.perf_counter()
        ends = latents.from_seeds(seeds, generator.latent)
        z = latents.interpolate(ends[0], ends[1], [latent for latent, _ in positions])
        y = None
        if labels is not None:
            kinds = [kind for _, kind in positions]
            y = latents.class_weights(labels[0], labels[1], generator.classes, kinds)
        return Drawn(generator.draw(z, y), time.perf_counter() - start, asked)

    return _in_turn(work)


def _one_hot(labels: tuple[int, ...], classes: int) -> np.ndarray:
    if not all(0 <= label < classes for label in labels):
        raise UserError(f"a class number must be from 0 to {classes - 1}")
    return np.eye(classes, dtype=np.float32)[list(labels)]
