"""What staff let the server fetch is of the public web, of a fair size, and there in a fair time."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address

import pytest

from izbaku import fetching
from izbaku.fetching import Unreachable, fetch, is_public


class Site(BaseHTTPRequestHandler):
    """Answers on this machine as a hostile site might."""

    def do_GET(self) -> None:
        where = "/again" if self.path == "/again" else self.path.partition("?to=")[2]
        if where:
            self.send_response(302)
            self.send_header("Location", where)
            self.end_headers()
            return
        if self.path == "/slow-head":
            for _letter in range(200):
                self.wfile.write(b"H")
                time.sleep(0.05)
            return
        self.send_response(404 if self.path == "/missing" else 200)
        self.end_headers()
        if self.path == "/slow":
            for _letter in range(200):
                self.wfile.write(b".")
                time.sleep(0.05)
        else:
            self.wfile.write(b"x" * (5000 if self.path == "/large" else 3))

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.handle_error = lambda *_: None  # a visitor who hangs up is what is tested here
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def this_one_only(address: object) -> bool:
    """The stand-in for the public web is one address of this machine."""
    return str(address) == "127.0.0.1"


@pytest.mark.parametrize(
    "address",
    [
        *["127.0.0.1", "127.8.8.8", "0.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254"],
        *[
            "100.64.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "::ffff:127.0.0.1",
            "ff02::1",
        ],
    ],
)
def test_what_is_not_the_public_web_is_known(address):
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8"])
def test_what_is_the_public_web_is_known(address):
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:{port}/",
        "http://localhost:{port}/",
        "http://2130706433:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
    ],
)
def test_this_machine_is_not_fetched_however_it_is_written(site, address):
    port = site.rpartition(":")[2]

    with pytest.raises(Unreachable, match="is not an address of the public web"):
        fetch(address.format(port=port))


def test_a_file_of_the_web_is_read_also_behind_a_redirect(site):
    assert fetch(f"{site}/", this_one_only) == b"xxx"
    assert fetch(f"{site}/?to=/other", this_one_only) == b"xxx"


@pytest.mark.parametrize(
    ("where", "reason"),
    [
        ("file:///etc/passwd", "cannot be fetched"),
        ("ftp://127.0.0.1/a", "cannot be fetched: unknown url type"),
        ("gopher://127.0.0.1/a", "cannot be fetched"),
        ("http://127.0.0.2:9/", "127.0.0.2 is not an address of the public web"),
        ("https://127.0.0.2:9/", "127.0.0.2 is not an address of the public web"),
        ("http://[::1]:9/", "::1 is not an address of the public web"),
        ("/again", "redirect"),
    ],
)
def test_a_redirect_leads_nowhere_that_an_address_may_not(site, where, reason):
    with pytest.raises(Unreachable, match=reason) as refused:
        fetch(f"{site}/?to={where}", this_one_only)

    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("{site}/missing", "cannot be fetched: Not Found"),
        ("http://127.0.0.1:1/", "cannot be fetched: .*refused"),
        ("http://no-such-name.invalid/", "cannot be fetched"),
        ("http://[/", "."),
        ("http://127.0.0.1:port/", "does not answer as a web server does"),
        ("ftp://127.0.0.1/", "unknown url type"),
        ("file:///etc/passwd", "unknown url type"),
    ],
)
def test_what_cannot_be_fetched_says_why_in_one_line(site, address, reason):
    with pytest.raises(Unreachable, match=reason) as refused:
        fetch(address.format(site=site), this_one_only)

    assert "\n" not in str(refused.value)


def test_too_much_is_refused(site, monkeypatch):
    monkeypatch.setattr(fetching, "LIMIT", 4999)

    with pytest.raises(Unreachable, match="is larger than"):
        fetch(f"{site}/large", this_one_only)


@pytest.mark.parametrize("path", ["/slow", "/slow-head"])
def test_too_slow_is_given_up(site, path, monkeypatch):
    monkeypatch.setattr(fetching, "WHOLE_SECONDS", 0.5)
    began = time.monotonic()

    with pytest.raises(Unreachable):
        fetch(f"{site}{path}", this_one_only)

    assert time.monotonic() - began < 4
