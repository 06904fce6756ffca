"""The rivals, each a program of its own that speaks the protocol of `protocol.py`."""
