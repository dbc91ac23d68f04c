"""None lost, none twice, and in doubt at most one letter for each worker that was killed."""

import pytest

from tests.chaos import rounds, trial


@pytest.mark.django_db(transaction=True)
def test_a_thousand_letters_survive_a_hostile_afternoon(capsys):
    tally = trial.run(1000, trial.environment_of_tests())

    with capsys.disabled():
        print(f"\n  {tally}")
    assert tally.lost == 0
    assert tally.doubled == 0
    assert tally.uncertain <= tally.kills + tally.faults["dot close"]
    assert tally.sent + tally.uncertain == 1000
    assert tally.kills > 0
    assert tally.beats > 0  # otherwise nothing was tried


@pytest.mark.django_db(transaction=True)
def test_a_round_in_three_languages_survives_it_too(capsys):
    """Held, approved, paused, resumed, finished; workers are killed while it is expanded and while it is sent."""
    tally = rounds.run(300, trial.environment_of_tests(), longest=8)

    with capsys.disabled():
        print(f"\n  {tally}")
    assert (tally.while_held, tally.after_pause) == (0, 0)
    assert (tally.lost, tally.doubled, tally.state) == (0, 0, "finished")
    assert tally.uncertain <= tally.kills + tally.faults["dot close"]
    assert tally.sent + tally.uncertain == 300
    assert tally.kills > 0
