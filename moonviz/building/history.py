"""A draft with its past and its future."""

from __future__ import annotations

from dataclasses import dataclass

from moonviz.specs import NetworkSpec

MOST_KEPT = 200
"""Steps that can be undone."""


@dataclass(frozen=True, slots=True)
class History:
    """A draft, what it was before (the last first out), and what was undone (the next at the end).

    Attributes:
        present: The draft.
        past: Older ones, the oldest first; at most `MOST_KEPT`.
        future: Undone ones, the one to redo first at the end.
    """

    present: NetworkSpec
    past: tuple[NetworkSpec, ...] = ()
    future: tuple[NetworkSpec, ...] = ()

    def then(self, network: NetworkSpec) -> History:
        """After an edit: what had been undone is gone. An edit that changes nothing is none."""
        if network == self.present:
            return self
        return History(network, (*self.past, self.present)[-MOST_KEPT:])

    def undo(self) -> History:
        """One step back; the same where there is none."""
        if not self.past:
            return self
        return History(self.past[-1], self.past[:-1], (*self.future, self.present))

    def redo(self) -> History:
        """One step forward again; the same where there is none."""
        if not self.future:
            return self
        return History(self.future[-1], (*self.past, self.present), self.future[:-1])
