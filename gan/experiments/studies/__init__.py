"""The experiments, one module each: what is trained, what is asked, what the figures say.

A module that is put here appears in the app; a script in train/ of three lines runs it.
"""
