"""The words of the field, explained once for every page."""

from gan.metrics.glossary import FLOOR, METRICS, NOISE

_METRICS = {
    metric.name: metric.meaning
    + (f" {metric.better.capitalize()} is better." if metric.better else "")
    for key, metric in METRICS.items()
    if metric.subject != "training" and not key.endswith((FLOOR, NOISE))
}

TERMS = {
    "GAN": "Generative adversarial network: a generator draws pictures, a discriminator learns to "
    "tell them from photos, and each learns from the other.",
    "Latent": "The random numbers that a generator turns into a picture. A seed fixes them, so "
    "the same seed gives the same picture.",
    "Guidance": "An input of our generator, from 0 (unguided) to 1 (typical of the type) and "
    "beyond.",
    "Truncation": "Shrinks the latent towards its middle: lower values give more typical and less "
    "varied pictures.",
    **_METRICS,
    "Floor": "The same figure with real photos in the pictures' place, at the same counts: no "
    "run here has a better FID, FD, KID, recall or coverage. Precision, density and IS can be "
    "better, for typical pictures or sharp textures, and copies fewer.",
    "Held-out": "Photos that were kept out of the training, for judging only.",
    "Source": "The collection that a photo was taken from, where the labels name one. Some are "
    "easier to name than others.",
    "Nearest neighbour": "The training photo whose features are closest to a picture's. Held-out "
    "photos show what distance is normal for a picture that was not copied.",
    "Range of seeds": "The lowest and highest value among trainings that differ only in their "
    "random seed.",
    "Permutation test": "Exchanges the settings of the trainings in every possible way: p is the "
    "share of ways in which the difference is at least as large as the measured one. A small p "
    "means that chance hardly explains it.",
    "Holm's method": "Raises the p of every comparison in a table, the more comparisons there are, "
    "because one of many is easily small by chance.",
    "EMA": "Exponential moving average of the generator's weights over the training: the averaged "
    "generator draws cleaner pictures.",
}
