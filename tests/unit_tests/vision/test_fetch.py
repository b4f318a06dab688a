import asyncio
import ipaddress
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langchain_phase5.vision import (
    ImageFetcher,
    ImageNotAllowedError,
    ImageNotFoundError,
    ImageTooLargeError,
    aload_image,
    load_image,
)
from langchain_phase5.vision.addresses import is_public

# No test here opens a connection: pytest-socket would fail it, so that each refusal came first.

INSIDE = [
    "127.0.0.1",
    "127.8.9.10",
    "0.0.0.0",  # noqa: S104 - nothing binds to it
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "169.254.170.2",
    "100.64.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "2001::1",
    "2001:0:53aa:64c:0:0:80ff:fffe",
    "2001:db8::1",
    "2001:20::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "3fff::1",
    "5f00::1",
    "100::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
    "4000::1",
]
OUTSIDE = ["1.1.1.1", "93.184.215.14", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]


def fetch(url, async_=False, **options):
    fetcher = ImageFetcher(**options)
    if async_:
        return asyncio.run(aload_image(url, fetcher=fetcher))
    return load_image(url, fetcher=fetcher)


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_that_is_not_public_is_refused_however_it_comes(address):
    with pytest.raises(ImageNotAllowedError, match="public internet"):
        fetch("http://pictures.example/a.png", resolve=lambda host, port: [address])
    with pytest.raises(ImageNotAllowedError, match="public internet"):  # one bad one among good
        fetch("http://pictures.example/a.png", resolve=lambda host, port: ["1.1.1.1", address])


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_in_the_url_is_refused_too(address):
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(ImageNotAllowedError):
        fetch(f"http://{host}/a.png", resolve=lambda host, port: [host.strip("[]")])


@pytest.mark.parametrize(
    "url",
    [
        "http:///a.png",
        "http://",
        "https://user:password@example.com/a.png",
        "http://user@127.0.0.1/a.png",
        "http://1.1.1.1#@127.0.0.1:22/a.png",
        "http://127.0.0.1\\@1.1.1.1/a.png",
        "http://example.com:22/a.png",
        "http://example.com:6379/a.png",
        "http://[::1/a.png",
        "http://exa mple.com/a.png",
        "http://example.com\r\nHost: inside/a.png",
        "http://\u2488\u2488\u2488/a.png",
    ],
)
@pytest.mark.parametrize("async_", [False, True])
def test_urls_that_are_not_plain_are_refused(url, async_):
    with pytest.raises((ImageNotAllowedError, ImageNotFoundError)) as failure:
        fetch(url, async_, resolve=lambda host, port: ["127.0.0.1"])
    assert "password" not in str(failure.value).replace("user name or password", "")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http:///a.png", "Only http and https"),
        ("http://[::1/a.png", "malformed"),
        ("http://user@example.com/a.png", "user name or password"),
        ("http://example.com:22/a.png", r"Port 22 .* \[80, 443\]"),
    ],
)
def test_a_refused_url_says_why(url, words):
    with pytest.raises(ImageNotAllowedError, match=words):
        fetch(url)


@pytest.mark.parametrize(("url", "port"), [("http://a.example/", 80), ("https://a.example/", 443)])
def test_a_url_without_a_port_means_that_of_its_scheme(url, port):
    with pytest.raises(ImageNotFoundError, match="no host"):
        fetch(url, ports=[port], resolve=lambda host, port: [])
    with pytest.raises(ImageNotAllowedError, match=f"Port {port}"):
        fetch(url, ports=[8080], resolve=lambda host, port: [])


def test_only_the_allowed_hosts_are_asked():
    with pytest.raises(ImageNotAllowedError, match=r"only downloaded from cdn\.example"):
        fetch("https://other.example/a.png", allowed_hosts=["cdn.example"])


def test_a_host_that_is_not_there_is_not_found():
    def resolve(host, port):
        raise OSError

    with pytest.raises(ImageNotFoundError, match="no host"):
        fetch("https://nowhere.example/a.png?token=geheim", resolve=resolve)


def test_a_resolver_with_a_fault_of_its_own_is_not_hidden():
    def resolve(host, port):
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        fetch("https://pictures.example/a.png", resolve=resolve)


def test_a_resolver_is_asked_for_the_host_and_the_port():
    asked = []

    def resolve(host, port):
        asked.append((host, port))
        return []

    for url in ("http://a.example/", "https://b.example/", "http://c.example:443/"):
        with pytest.raises(ImageNotFoundError, match="no host"):
            fetch(url, resolve=resolve)
    assert asked == [("a.example", 80), ("b.example", 443), ("c.example", 443)]


def test_a_name_server_that_does_not_answer_is_left_waiting():
    given_up = threading.Event()
    answers, may_be_left = [], []

    def resolve(host, port):
        may_be_left.append(threading.current_thread().daemon)  # at the end of the program too
        answers.append(given_up.wait(60))
        return ["1.1.1.1"]

    with pytest.raises(ImageTooLargeError, match=r"0\.5 s"):
        fetch("https://slow.example/a.png", resolve=resolve, max_seconds=0.5)
    assert answers == []
    assert all(may_be_left)
    given_up.set()


@pytest.mark.parametrize("address", OUTSIDE)
def test_public_addresses_are_public(address):
    assert is_public(address)


@given(st.ip_addresses(v=4))
def test_ipv4_means_the_same_inside_ipv6(address):
    for prefix in (0xFFFF << 32, 0xFFFF << 48, 0x0064_FF9B << 96):
        assert is_public(ipaddress.IPv6Address(prefix | int(address))) == is_public(address)


@given(st.ip_addresses(v=6))
def test_no_ipv6_address_outside_global_unicast_is_public(address):
    if int(address) >> 125 != 1 and int(address) >> 32 not in {0, 0xFFFF, 0xFFFF << 16}:
        assert not is_public(address) or address in ipaddress.ip_network("64:ff9b::/96")
