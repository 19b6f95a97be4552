"""The words of the field, explained once for every page."""

TERMS = {
    "GAN": "Generative adversarial network: a generator draws pictures, a discriminator learns to "
    "tell them from photos, and each learns from the other.",
    "Latent": "The random numbers that a generator turns into a picture. A seed fixes them, so "
    "the same seed gives the same picture.",
    "Truncation": "Shrinks the latent towards its middle: lower values give more typical and less "
    "varied pictures.",
    "FID": "Fréchet Inception distance: how far the statistics of generated pictures are from "
    "those of photos, read by the Inception V3 network. Lower is better.",
    "FD": "The same formula as FID on the features of another network, which is named in brackets. "
    "Its values can't be compared with FID.",
    "FD floor": "The same distance between two sets of real photos: no generator can be expected "
    "to go below it at that count.",
    "IS": "Inception score: high where each picture is named with confidence and the set is "
    "varied. Higher is better. It never looks at real photos.",
    "KID": "Kernel Inception distance: like FID, but without its bias on small sets. Lower is "
    "better.",
    "Precision": "The share of generated pictures that lie among real ones (realism).",
    "Recall": "The share of real pictures that lie among generated ones (variety).",
    "GAN-test": "A classifier trained on real photos names generated pictures: the share that it "
    "names as asked.",
    "GAN-train": "A classifier trained on generated pictures names real held-out photos: the share "
    "that it gets right.",
    "Ceiling": "The same classifier trained and tested on real photos: the best that GAN-test and "
    "GAN-train can be expected to reach.",
    "Diversity": "How different pictures of one type are from each other, generated over real: 1 "
    "is as varied as real photos.",
    "Held-out": "Photos that were kept out of the training, for judging only.",
    "Nearest neighbour": "The training photo whose features are closest to a picture's. Held-out "
    "photos show what distance is normal for a picture that was not copied.",
    "Range of seeds": "The lowest and highest value among trainings that differ only in their "
    "random seed.",
    "EMA": "Exponential moving average of the generator's weights over the training: the averaged "
    "generator draws cleaner pictures.",
}
