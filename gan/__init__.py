"""Car GAN: generate cars of a chosen body type, and measure how well."""

__version__ = "1.0.0"
