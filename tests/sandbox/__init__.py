"""The local X and the local Discord keep the rules of the originals."""
