"""Evaluate trained runs: FD, FID, IS, GAN-test, GAN-train, diversity, copies, and photos' own."""

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import tyro
from torch_fidelity.feature_extractor_base import FeatureExtractorBase

from gan.atomic import check_place
from gan.checkpoint import load_generator
from gan.cli import parse
from gan.data.prepared import Photos
from gan.errors import UserError, command
from gan.experiments import results
from gan.metrics import tables
from gan.metrics.along import follow
from gan.metrics.choice import check_kept, choose
from gan.metrics.classifier import BUDGET
from gan.metrics.evaluation import Effort, Evaluation
from gan.metrics.extractors import create
from gan.metrics.glossary import DINOV2, INCEPTION, LITE2
from gan.metrics.judge import judge_of
from gan.metrics.run_photos import held_out_split, photos_of
from gan.runs import Run, find_run

NETWORKS = {"lite2": LITE2, "inception": INCEPTION, "dinov2": DINOV2}


@dataclass(frozen=True)
class Options:
    """Judge trained runs and write the figures into their folders.

    Figures that a run's metrics.csv already holds are kept: after an interruption, the same command
    goes on. FID and IS of an experiment's run go into the experiment's results.csv too.
    """

    runs: Annotated[tuple[str, ...], tyro.conf.Positional]  # folders, or names in checkpoints/
    data: str = ""  # the photos they were trained on; default: where each run found them
    count: int = 10_000  # pictures to generate, equally many of each class
    seeds: int = 3  # classifiers that judge, and classifiers trained on generated pictures
    test: bool = False  # use the test split (noted in the run) and not the validation split
    added: bool = False  # also train classifiers on photos and pictures together: do they help?
    along: bool = False  # also judge the generators that --keep-every kept, by 2,000 pictures each
    choose: bool = False  # first choose the best of the generators that --keep-every kept
    again: bool = False  # measure again what metrics.csv, or along.csv, already holds
    quick: bool = False  # 2,000 pictures, one seed, briefly trained classifiers, Lite2 alone
    # feature networks beside the car classifier; the last two are downloaded, or else a pip package
    # brings Inception (for FID, not IS)
    networks: tuple[Literal["lite2", "inception", "dinov2"], ...] = ("lite2", "inception")
    # the car classifier too, which is trained first where there is none; with --no-judge the
    # networks judge alone, but --test still looks for copies
    judge: bool = True
    inception_weights: Path | None = None  # Inception's file, if torch-fidelity can't download it

    def __post_init__(self) -> None:
        if not self.runs:
            raise UserError("name a run's folder: python train/evaluate.py NAME")
        if not 100 <= self.count <= 1_000_000:
            raise UserError(f"--count must be from 100 to 1000000, not {self.count}")
        if not 1 <= self.seeds <= 20:
            raise UserError(f"--seeds must be from 1 to 20, not {self.seeds}")
        if self.quick and (self.seeds, self.networks) != (Options.seeds, Options.networks):
            raise UserError("--quick has its own --seeds and --networks: leave them out")
        if not self.judge and (self.added or self.choose):
            raise UserError("--no-judge leaves out what --added and --choose need")

    def effort(self) -> Effort:
        """How much each run's evaluation does."""
        if self.quick:
            effort = Effort(min(self.count, 2_000), 1, BUDGET // 7)
        else:
            effort = Effort(self.count, self.seeds, BUDGET)
        return replace(effort, test=self.test, added=self.added, again=self.again)


@command
def main() -> None:
    """Evaluate one run after the other; runs of the same photos share judge and features."""
    options = parse(Options)
    effort = options.effort()
    work = find_work(options)  # all runs are checked before anything slow begins
    extractors = find_extractors(options)
    evaluations: dict[str, Evaluation] = {}
    for run, photos in work:
        if photos.content_hash not in evaluations:
            held_out = {
                held_out_split(other, options.test)
                for other, theirs in work
                if theirs.content_hash == photos.content_hash
            }
            unseen = next((split for split in ("validation", "test") if split in held_out), None)
            judge = None
            if options.judge:
                judge = judge_of(photos, effort.seeds, effort.budget, unseen)
            evaluations[photos.content_hash] = Evaluation(photos, judge, extractors, effort)
        evaluation = evaluations[photos.content_hash]
        judge = evaluation.judge
        if options.choose and judge:
            print(f"{run.name}: {tables.choice(choose(run, photos, judge))}")
        if options.along:
            follow(run, photos, judge, extractors, options.again)
            print(f"{run.name}: figures along the training: {run.along_path}")
        rows = evaluation.of(run)
        results.take_up(run)
        print(f"\n{run.name}\n{tables.figures(rows)}\n")
        if table := tables.classes(rows):
            print(f"{table}\n")
        else:
            print("  no class figures: the generator takes no class\n")
        if table := tables.by_source(run.read_sources()):
            print(f"{table}\n")
        if judge and held_out_split(run, options.test) is None:
            print(
                f"{run.name} learned from the validation photos too (its config.json counts "
                "none): GAN-train and copies need --test"
            )
        print(f"figures: {run.metrics_path}")
        if run.neighbours_path.exists():
            print(f"best matches among the photos: {run.neighbours_path}")
    if any(one.get_name() == INCEPTION for one in extractors):
        print(
            "Inception's figures are in the app; python train/results_table.py --write and python "
            "train/kernel_sweep.py --findings --write put them into the tables of the READMEs"
        )
    print("next: streamlit run streamlit_app.py")


def find_work(options: Options) -> list[tuple[Run, Photos]]:
    """The runs that hold a generator, each with its photos.

    Raises:
        UserError: A folder holds no run, or the only run's photos aren't to be had.
    """
    work: list[tuple[Run, Photos]] = []
    # A shell's * matches files as well as folders.
    runs = [find_run(name) for name in options.runs if not Path(name).is_file()]
    bare = [run for run in runs if run.config_path.exists() and not run.generator_path.exists()]
    if len(runs) == 1:
        bare = []  # what is wrong with the only run is an error
    if bare:
        print(f"left out, without a generator: {', '.join(run.name for run in bare)}")
    for run in runs:
        if run in bare:
            continue
        check_place(run.path, "a copy of the run in another folder will do")
        load_generator(run)  # a damaged file is reported before the photos are prepared
        try:
            work.append((run, photos_of(run, options.data)))
        except UserError as error:
            if len(runs) == 1:
                raise
            print(f"left out: {run.name}: {error}")
            continue
        if options.choose or options.along:
            check_kept(run)
    if not work:
        raise UserError(
            "no run to evaluate: name a folder that holds generator.safetensors, with its photos"
        )
    return work


def find_extractors(options: Options) -> list[FeatureExtractorBase]:
    """The networks of --networks; one whose weights can't be had is left out with a message.

    Raises:
        UserError: The file of --inception-weights isn't what it should be, or nothing is left.
    """
    chosen = [NETWORKS[name] for name in options.networks]
    if options.quick:
        chosen = [LITE2]
    if options.inception_weights and INCEPTION not in chosen:
        chosen.append(INCEPTION)
    found = []
    for name in chosen:
        try:
            found.append(create(name, options.inception_weights if name == INCEPTION else None))
        except UserError as error:
            if name == INCEPTION and options.inception_weights:
                raise
            print(f"left out: {error}")
    if not found and not options.judge:
        raise UserError("no network is left to judge with: name others, or drop --no-judge")
    return found


if __name__ == "__main__":
    main()
