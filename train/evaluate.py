"""Judge trained runs: FID or its kin, GAN-test, GAN-train, diversity, nearest real photos."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import tyro

from gan.atomic import check_place
from gan.checkpoint import load_generator
from gan.cli import parse
from gan.data.photos import Photos, load
from gan.errors import UserError, command
from gan.launch import find_run
from gan.metrics import report
from gan.metrics.choice import check_kept, choose
from gan.metrics.classifier import BUDGET
from gan.metrics.evaluation import check_source, evaluate
from gan.metrics.extractors import create
from gan.metrics.glossary import INCEPTION, LITE2
from gan.metrics.judge import judge_of
from gan.runs import Run


@dataclass(frozen=True)
class Options:
    """Judge trained runs and write the figures into their folders."""

    runs: Annotated[tuple[str, ...], tyro.conf.Positional]  # folders, or names in checkpoints/
    data: str = ""  # the photos they were trained on; default: where each run found them
    count: int = 10_000  # pictures to generate, uniform over classes
    seeds: int = 3  # classifiers that judge, and that learn from generated pictures
    choose: bool = False  # first take the best of the generators that --keep-every kept
    quick: bool = False  # 2,000 pictures, one seed, short classifiers, no Inception
    inception: bool = True  # FID and IS of the papers too (slow on a CPU)
    inception_weights: Path | None = None  # their file, where torch-fidelity can't download it

    def __post_init__(self) -> None:
        if not self.runs:
            raise UserError("name a run's folder: python train/evaluate.py NAME")
        if not 100 <= self.count <= 1_000_000:
            raise UserError(f"--count must be from 100 to 1000000, not {self.count}")
        if not 1 <= self.seeds <= 20:
            raise UserError(f"--seeds must be from 1 to 20, not {self.seeds}")


@command
def main() -> None:
    """Evaluate one run after the other; photos, judge and their features are made once."""
    options = parse(Options)
    count, seeds, budget = options.count, options.seeds, BUDGET
    if options.quick:
        count, seeds, budget = min(count, 2_000), 1, BUDGET // 7
    work: list[tuple[Run, Photos]] = []
    for path in options.runs:  # whatever is wrong shows before anything slow begins
        run = find_run(path)
        check_place(run.path, "a copy of the run in another folder will do")
        data = load_generator(run).config.data
        if options.data:
            photos = load(options.data, data.size)
        else:
            known = run.read_config()["dataset"].get("content_hash", "")
            photos = load(data.data, data.size, str(known))
        work.append((run, photos))
        check_source(*work[-1])
        if options.choose:
            check_kept(run)
    extractors = [create(LITE2)]
    if options.inception_weights or (options.inception and not options.quick):
        try:
            extractors.append(create(INCEPTION, options.inception_weights))
        except UserError as error:
            if options.inception_weights:
                raise
            print(f"without FID and IS of the papers: {error}")
    for run, photos in work:
        judge = judge_of(photos, seeds, budget)
        if options.choose:
            print(f"{run.name}: {report.choice(choose(run, photos, judge))}")
        rows = evaluate(run, photos, judge, extractors, count, seeds, budget)
        print(f"\n{run.name}\n{report.figures(rows)}\n")
        if table := report.classes(rows):
            print(f"{table}\n")
        else:
            print("  no class figures: the generator takes no class\n")
        print(f"figures: {run.metrics_path}")
        print(f"nearest photos: {run.neighbours_path}")
    print("next: streamlit run streamlit_app.py")


if __name__ == "__main__":
    main()
