"""Composed pages whose truth is known: digits and all that stands beside them where people photograph.

A page is written as ink on a sheet, larger than the picture (`sheet`); what is written is one of the kinds in `KINDS`
(`numbers`, `printed`, `no_digits`). The sheet is laid on a ground, lit, and photographed, and where each digit lies is
followed through all of it (`view`). Everything is drawn from the generator that is given, so that the same seed
composes the same page.

Pages lie upright, turned by up to 45°. Those on their side or upside down are left out on purpose: a 6 turned by 180°
is a 9, a sideways 1 a dash, and a network that shall read them all reads none as well. Who reads asks for each
direction, and keeps the one in which most is found.
"""

from digits.synthesis.pages.kinds import KINDS, compose, page
from digits.synthesis.pages.sheet import Page

__all__ = ["KINDS", "Page", "compose", "page"]
