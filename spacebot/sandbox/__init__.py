"""A local X and a local Discord: real servers on loopback, as strict as the originals, for the demo and the tests."""
