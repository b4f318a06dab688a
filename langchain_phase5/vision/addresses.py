"""Which network addresses are out on the public internet, and which only claim to be."""

import ipaddress

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NEVER_V4 = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "168.63.129.16/32",  # Azure's host services: public in form, internal in fact
        "192.0.0.0/24",  # RFC 6890: protocol assignments
        "192.88.99.0/24",  # RFC 7526: 6to4 relays, obsolete
    )
)
_EMBEDDING = (
    ipaddress.IPv6Network("::/96"),  # RFC 4291, 2.5.5.1: IPv4-compatible, obsolete
    ipaddress.IPv6Network("::ffff:0:0/96"),  # RFC 4291, 2.5.5.2: IPv4-mapped
    ipaddress.IPv6Network("::ffff:0:0:0/96"),  # RFC 2765, 2.1: SIIT, IPv4-translated
    ipaddress.IPv6Network("64:ff9b::/96"),  # RFC 6052, 2.1: NAT64
)
_NEVER = (
    ipaddress.IPv6Network("64:ff9b:1::/48"),  # RFC 8215: local NAT64; the layout is the network's
    ipaddress.IPv6Network("2001::/32"),  # RFC 4380: Teredo
    ipaddress.IPv6Network("2002::/16"),  # RFC 3056: 6to4
    ipaddress.IPv6Network("3fff::/20"),  # RFC 9637: documentation
    ipaddress.IPv6Network("5f00::/16"),  # RFC 9602: segment routing
    ipaddress.IPv6Network("fec0::/10"),  # RFC 3879: site-local, obsolete
)
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")


def is_public(address: str | _Address) -> bool:
    """Tell whether an address is globally routable unicast, however it is written.

    IPv4 inside IPv6 (mapped, compatible, translated, NAT64) counts as the IPv4 it stands for.
    The tunnels 6to4 and Teredo, which wrap an IPv4 address that the tunnel's far end would
    contact, are never public: no web server lives there, attackers do.

    Example:
        ```python
        from langchain_phase5.vision.addresses import is_public

        print(is_public("1.1.1.1"), is_public("::ffff:127.0.0.1"), is_public("2002:7f00:1::"))
        ```
    """
    ip = ipaddress.ip_address(address) if isinstance(address, str) else address
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.scope_id is not None or any(ip in network for network in _NEVER):
            return False
        if any(ip in network for network in _EMBEDDING):
            return is_public(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF))
        return ip in _GLOBAL_UNICAST and ip.is_global
    is_special = any(ip in network for network in _NEVER_V4)
    return ip.is_global and not ip.is_multicast and not is_special
