"""The words of the field, explained once for every page."""

from gan.metrics.glossary import METRICS

# The metrics that the pages speak of; what each means stands in the glossary alone.
_SPOKEN = (
    *("fid", "fd", "is", "kid", "precision", "recall", "density", "coverage"),
    *("gan_test", "gan_train", "classifier", "diversity", "copies"),
)
_METRICS = {
    METRICS[key].name: METRICS[key].meaning
    + (f" {METRICS[key].better.capitalize()} is better." if METRICS[key].better else "")
    for key in _SPOKEN
}

TERMS = {
    "GAN": "Generative adversarial network: a generator draws pictures, a discriminator learns to "
    "tell them from photos, and each learns from the other.",
    "Latent": "The random numbers that a generator turns into a picture. A seed fixes them, so "
    "the same seed gives the same picture.",
    "Truncation": "Shrinks the latent towards its middle: lower values give more typical and less "
    "varied pictures.",
    **_METRICS,
    "Floor": "The same figure with real photos in the pictures' place, at the same counts: no "
    "generator can be expected to do better.",
    "Held-out": "Photos that were kept out of the training, for judging only.",
    "Source": "The collection that a photo was taken from, where the labels name one. Some are "
    "easier to name than others.",
    "Nearest neighbour": "The training photo whose features are closest to a picture's. Held-out "
    "photos show what distance is normal for a picture that was not copied.",
    "Range of seeds": "The lowest and highest value among trainings that differ only in their "
    "random seed.",
    "EMA": "Exponential moving average of the generator's weights over the training: the averaged "
    "generator draws cleaner pictures.",
}
