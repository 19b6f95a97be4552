"""What the experiments' settings are called in a sentence."""

import re

ABLATIONS = {
    "lr-g-half": "half the learning rate for G",
    "lr-g-double": "double the learning rate for G",
    "lr-d-half": "half the learning rate for D",
    "lr-d-double": "double the learning rate for D",
    "slope-0.1": "a LeakyReLU slope of 0.1 in place of 0.2",
    "slope-0.3": "a LeakyReLU slope of 0.3 in place of 0.2",
    "relu": "ReLU in place of LeakyReLU",
    "mse": "mean squared error in place of cross-entropy",
    "smooth-0.9": "smoothing real labels to 0.9",
    "width-half": "half the width",
    "width-double": "double the width",
    "d-first": "D's step before G's",
    "conditional-dense-3": "a third dense layer in the conditional pair",
}
# What is taken away, by the name of the run without it.
PIECES = {
    "no-heads": "heads on frozen features, the adversary",
    "heads-at-once": "letting the heads join late",
    "no-class-head": "the class head",
    "no-contrast": "being repelled by photos of other classes",
    "no-balance": "class-balanced batches",
}


def ablation(setting: str) -> str:
    """A setting of the ablations: what was changed, or that the best changes came together."""
    if setting.startswith("best-"):
        return "the best of these together"
    return ABLATIONS.get(setting, setting)


def share_kept(setting: str) -> str:
    """A setting of the rare-types experiment: "cut-1/8-balanced" is "1/8, balanced"."""
    found = re.fullmatch(r"cut-(1/\d+)(-balanced)?", setting)
    if not found:
        return setting
    return f"{found[1]}, balanced" if found[2] else found[1]
