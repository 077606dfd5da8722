"""The published case of September 2022, in small: the right number of people, each once, some on both days."""

from __future__ import annotations

from ops.demo import trained
from ops.demo.network import Network
from ops.demo.world import World
from ops.units import seed


def test_people_are_trained_once_in_their_communes_and_sum_up() -> None:
    network = Network(World(2026, seed.load()), share=0.02)
    held = trained.classes(network)
    people = [row["person_id"] for one in held for row in one.rows if row["day"] == trained.FIRST]
    assert len(people) == len(set(people)) == round(trained.PEOPLE * network.share)
    again = [row["person_id"] for one in held for row in one.rows if row["day"] == trained.SECOND]
    assert set(again) < set(people) and len(again) == len(set(again)) > len(people) // (trained.TWICE + 1)
    tree = network.units.tree
    for one in held:
        assert {row["session_id"] for row in one.rows} == {one.session_id}
        assert all(one.unit_id in tree.ancestors(row["unit_id"], trained.FIRST) for row in one.rows)
    assert trained.csv(held[0]).count(b"\n") == len(held[0].rows) + 1
