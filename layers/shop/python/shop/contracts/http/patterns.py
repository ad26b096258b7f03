"""Patterns of text that several bodies share."""

from typing import Final

#: One line of text: something visible, and no control characters.
LINE: Final = r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$(?!\n)"
