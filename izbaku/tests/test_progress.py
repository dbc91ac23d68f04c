"""How far a long import is: a bar for who watches, a line per thousand for a log."""

import io
import sys
import time

from izbaku.management import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_log_gets_a_line_per_thousand_and_nothing_of_a_short_import(capsys):
    with progress.shown() as move:
        for number in range(1, 2501):
            move(number, 2500)
    assert capsys.readouterr().err == "1000 of 2500\n2000 of 2500\n"

    with progress.shown() as move:
        move(1, 1)
    assert capsys.readouterr() == ("", "")


def test_a_terminal_gets_a_bar_that_grows_and_goes(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)

    with progress.shown() as move:
        for number in (1, 50, 100):
            move(number, 100)
            time.sleep(0.15)  # it is not drawn more often than an eye can follow

    assert " 50%|" in terminal.getvalue()
    assert terminal.getvalue().endswith(" \r")  # cleared, so that the report stands alone
